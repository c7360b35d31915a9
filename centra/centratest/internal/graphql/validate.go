package graphql

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Request is a request that fits the schema.
type Request struct {
	Kind string // "query" or "mutation"
	Name string // of the operation; may be empty

	schema    *Schema
	document  *document
	operation *operation
	variables map[string]any
	asked     map[string]bool
}

// Prepare checks a request against the schema. What it returns errors for is
// wrong with the request, whatever the data; it returns them all.
func (s *Schema) Prepare(query, operationName string, variables map[string]any) (*Request, error) {
	doc, err := parse(query)
	if err != nil {
		return nil, err
	}
	op, err := doc.choose(operationName)
	if err != nil {
		return nil, err
	}
	v := &validation{
		schema: s, document: doc, operation: op,
		usedVariables: make(map[string]bool), usedFragments: make(map[string]bool), asked: make(map[string]bool),
	}
	v.check(variables)
	if err := errors.Join(v.errs...); err != nil {
		return nil, err
	}
	return &Request{
		Kind: op.kind, Name: op.name,
		schema: s, document: doc, operation: op, variables: v.values, asked: v.asked,
	}, nil
}

// Fields are the names of the operation's own fields, in their order.
func (r *Request) Fields() []string {
	var names []string
	for _, s := range r.collect(rootType[r.Kind], r.operation.selection) {
		names = append(names, s.name)
	}
	return names
}

// Asks tells whether the field of the type is asked for, at any depth.
func (r *Request) Asks(typeName, field string) bool { return r.asked[typeName+"."+field] }

var rootType = map[string]string{"query": "Query", "mutation": "Mutation"}

func (d *document) choose(name string) (*operation, error) {
	for _, op := range d.operations {
		if op.name == name || name == "" && len(d.operations) == 1 {
			return op, nil
		}
	}
	return nil, fmt.Errorf("of the %d operations none is called %q", len(d.operations), name)
}

type validation struct {
	schema        *Schema
	document      *document
	operation     *operation
	usedVariables map[string]bool
	usedFragments map[string]bool
	asked         map[string]bool
	values        map[string]any
	within        []string // fragments that are being looked at
	visited       int
	errs          []error
}

// maxVisited bounds what a document can ask for: fragments in fragments multiply.
const maxVisited = 10_000

func (v *validation) fail(format string, args ...any) {
	v.errs = append(v.errs, fmt.Errorf(format, args...))
}

func (v *validation) check(variables map[string]any) {
	root := rootType[v.operation.kind]
	if v.schema.types[root] == nil {
		v.fail("there is no %s", root)
		return
	}
	v.selections(root, v.operation.selection)
	for _, name := range slices.Sorted(maps.Keys(v.document.fragments)) {
		if !v.usedFragments[name] {
			v.fail("the fragment %s is not used", name)
		}
	}
	v.values = make(map[string]any)
	declared := make(map[string]bool)
	for _, a := range v.operation.variables {
		if declared[a.name] {
			v.fail("the variable $%s is declared twice", a.name)
		}
		declared[a.name] = true
		if !v.usedVariables[a.name] {
			v.fail("the variable $%s is not used", a.name)
		}
		v.variable(a, variables)
	}
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if !declared[name] {
			v.fail("the variable $%s is sent, but not declared", name)
		}
	}
}

func (v *validation) selections(typeName string, list []*selection) {
	d := v.schema.types[typeName]
	for _, s := range list {
		if v.visited++; v.visited > maxVisited {
			if v.visited == maxVisited+1 {
				v.fail("the document asks for too much")
			}
			return
		}
		switch {
		case s.field:
			v.field(d, s)
		case s.name != "":
			v.spread(typeName, s.name)
		default:
			v.inFragment(typeName, s.on, s.selection)
		}
	}
}

func (v *validation) spread(typeName, name string) {
	f := v.document.fragments[name]
	switch {
	case f == nil:
		v.fail("there is no fragment %s", name)
	case slices.Contains(v.within, name):
		v.fail("the fragment %s is within itself", name)
	default:
		v.usedFragments[name] = true
		v.within = append(v.within, name)
		v.inFragment(typeName, f.on, f.selection)
		v.within = v.within[:len(v.within)-1]
	}
}

func (v *validation) inFragment(typeName, on string, list []*selection) {
	if on == "" {
		on = typeName
	}
	d := v.schema.types[on]
	switch {
	case d == nil || !d.isComposite():
		v.fail("a fragment is on %s, which is no type with fields", on)
	case !v.schema.overlap(on, typeName):
		v.fail("a fragment on %s cannot be within %s", on, typeName)
	default:
		v.selections(on, list)
	}
}

func (v *validation) field(d *definition, s *selection) {
	if s.name == "__typename" {
		return
	}
	f := d.fields[s.name]
	if f == nil {
		v.fail("%s has no field %s", d.name, s.name)
		return
	}
	v.asked[d.name+"."+s.name] = true
	v.arguments(d.name+"."+s.name, f.arguments, s.arguments)
	switch result := v.schema.types[f.typ.named()]; {
	case result.isComposite() && s.selection == nil:
		v.fail("%s.%s needs fields of %s", d.name, s.name, result.name)
	case !result.isComposite() && s.selection != nil:
		v.fail("%s.%s has no fields", d.name, s.name)
	case s.selection != nil:
		v.selections(result.name, s.selection)
	}
}

// arguments checks what a field or an input is given against what it takes.
func (v *validation) arguments(of string, takes []*argument, given map[string]value) {
	known := make(map[string]bool)
	for _, a := range takes {
		known[a.name] = true
		value, ok := given[a.name]
		if !ok && a.typ.required && a.fallback == nil {
			v.fail("%s needs %s", of, a.name)
		}
		if ok {
			v.literal(of+"."+a.name, a.typ, value, a.fallback != nil)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !known[name] {
			v.fail("%s takes no %s", of, name)
		}
	}
}

// literal checks a value that stands in the document.
func (v *validation) literal(of string, typ *reference, given value, hasFallback bool) {
	if given.kind == variableValue {
		v.place(of, typ, given.text, hasFallback)
		return
	}
	d := v.schema.types[typ.named()]
	switch {
	case given.kind == nullValue:
		if typ.required {
			v.fail("%s is never null", of)
		}
	case given.kind == listValue && typ.list != nil:
		for _, element := range given.list {
			v.literal(of, typ.list, element, false)
		}
	case typ.list != nil:
		v.literal(of, typ.list, given, false) // GraphQL takes one for a list of one
	case given.kind == objectValue && d.kind == "input":
		v.arguments(of, d.inputs, given.members)
	case given.kind == objectValue && d.kind == "scalar" && !isBuiltIn(d.name):
		for key, member := range given.members {
			v.literal(of+"."+key, typ, member, true)
		}
	default:
		if _, err := v.schema.coerce(of, typ, given.plain(nil)); err != nil {
			v.errs = append(v.errs, err)
		}
		if isEnum := d.kind == "enum"; isEnum != (given.kind == enumValue) {
			v.fail("%s is given the wrong kind of value", of)
		}
	}
}

// place checks that a variable's type fits where it stands.
func (v *validation) place(of string, typ *reference, variable string, hasFallback bool) {
	i := slices.IndexFunc(v.operation.variables, func(a *argument) bool { return a.name == variable })
	if i < 0 {
		v.fail("the variable $%s is not declared", variable)
		return
	}
	v.usedVariables[variable] = true
	a := v.operation.variables[i]
	optional := &reference{name: typ.name, list: typ.list}
	if hasDefault := a.fallback != nil && a.fallback.kind != nullValue; !typ.required || hasDefault || hasFallback {
		typ = optional
	}
	if !fits(a.typ, typ) {
		v.fail("the variable $%s is %s, and %s wants %s", variable, a.typ, of, typ)
	}
}

func fits(given, wanted *reference) bool {
	switch {
	case wanted.required && !given.required:
		return false
	case wanted.list != nil:
		return given.list != nil && fits(given.list, wanted.list)
	}
	return given.list == nil && given.name == wanted.name
}

// variable keeps the value of a variable, which may be its default or none.
func (v *validation) variable(a *argument, variables map[string]any) {
	d := v.schema.types[a.typ.named()]
	if d == nil || d.isComposite() {
		v.fail("the variable $%s is %s, which cannot be given", a.name, a.typ)
		return
	}
	if a.fallback != nil {
		v.literal("$"+a.name, a.typ, *a.fallback, false)
	}
	given, sent := variables[a.name]
	switch {
	case sent:
		value, err := v.schema.coerce("$"+a.name, a.typ, given)
		if err != nil {
			v.errs = append(v.errs, err)
		}
		v.values[a.name] = value
	case a.fallback != nil:
		v.values[a.name] = a.fallback.plain(nil)
	case a.typ.required:
		v.fail("the variable $%s is missing", a.name)
	}
}
