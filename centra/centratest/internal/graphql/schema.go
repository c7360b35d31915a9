package graphql

import "fmt"

// Schema is what can be asked for.
type Schema struct {
	types map[string]*definition
}

type definition struct {
	kind       string // "type", "interface", "input", "enum" or "scalar"
	name       string
	implements []string
	fields     map[string]*fieldDefinition // of a type or an interface
	inputs     []*argument                 // of an input
	values     []string                    // of an enum
}

type fieldDefinition struct {
	arguments []*argument
	typ       *reference
}

// argument is what a field takes, a member of an input, or a variable.
type argument struct {
	name     string
	typ      *reference
	fallback *value // nil: none
}

// reference names a type, or is the list of one.
type reference struct {
	name     string
	list     *reference
	required bool
}

func (r *reference) String() string {
	shown := r.name
	if r.list != nil {
		shown = "[" + r.list.String() + "]"
	}
	if r.required {
		shown += "!"
	}
	return shown
}

// named is the type below all lists.
func (r *reference) named() string {
	for r.list != nil {
		r = r.list
	}
	return r.name
}

// ParseSchema reads a schema in GraphQL's schema definition language. It needs a
// type Query; every type that is named has to be there.
func ParseSchema(source string) (*Schema, error) {
	p := &parser{lexer: newLexer(source)}
	s := &Schema{types: make(map[string]*definition)}
	for _, scalar := range []string{"Int", "Float", "String", "Boolean", "ID"} {
		s.types[scalar] = &definition{kind: "scalar", name: scalar}
	}
	for p.token.kind != end {
		if p.token.kind == text { // a description
			p.advance()
			continue
		}
		d := p.definition()
		s.types[d.name] = d
	}
	if p.err != nil {
		return nil, p.err
	}
	return s, s.complete()
}

func (p *parser) definition() *definition {
	d := &definition{kind: p.name(), name: p.name()}
	if p.skip("implements") {
		p.skip("&")
		d.implements = append(d.implements, p.name())
		for p.skip("&") {
			d.implements = append(d.implements, p.name())
		}
	}
	switch d.kind {
	case "scalar":
	case "enum":
		p.expect("{")
		p.each("}", func() { d.values = append(d.values, p.name()) })
	case "input":
		p.expect("{")
		p.each("}", func() { d.inputs = append(d.inputs, p.argument()) })
	case "type", "interface":
		d.fields = make(map[string]*fieldDefinition)
		p.expect("{")
		p.each("}", func() {
			field := p.name()
			d.fields[field] = p.fieldDefinition()
		})
	default:
		p.fail("%q defines no kind of type", d.kind)
	}
	return d
}

func (p *parser) fieldDefinition() *fieldDefinition {
	f := &fieldDefinition{}
	if p.skip("(") {
		p.each(")", func() { f.arguments = append(f.arguments, p.argument()) })
	}
	p.expect(":")
	f.typ = p.typeReference()
	return f
}

// complete looks whether everything that is named is there.
func (s *Schema) complete() error {
	if s.types["Query"] == nil {
		return fmt.Errorf("there is no type Query")
	}
	known := func(r *reference, by string) error {
		if s.types[r.named()] == nil {
			return fmt.Errorf("%s names %s, which is not defined", by, r.named())
		}
		return nil
	}
	for _, d := range s.types {
		for _, parent := range d.implements {
			if s.types[parent] == nil || s.types[parent].kind != "interface" {
				return fmt.Errorf("%s implements %s, which is no interface", d.name, parent)
			}
			for field := range s.types[parent].fields {
				if d.fields[field] == nil {
					return fmt.Errorf("%s has not the field %s of %s", d.name, field, parent)
				}
			}
		}
		for field, f := range d.fields {
			for _, a := range append([]*argument{{typ: f.typ}}, f.arguments...) {
				if err := known(a.typ, d.name+"."+field); err != nil {
					return err
				}
			}
		}
		for _, a := range d.inputs {
			if err := known(a.typ, d.name+"."+a.name); err != nil {
				return err
			}
		}
	}
	return nil
}

// is tells whether a value of the concrete type can stand for the other one.
func (s *Schema) is(concrete, other string) bool {
	if concrete == other {
		return true
	}
	for _, parent := range s.types[concrete].implements {
		if parent == other {
			return true
		}
	}
	return false
}

// overlap tells whether a value can be of both types.
func (s *Schema) overlap(a, b string) bool {
	for concrete, d := range s.types {
		if d.kind == "type" && s.is(concrete, a) && s.is(concrete, b) {
			return true
		}
	}
	return false
}

func (d *definition) isComposite() bool { return d.kind == "type" || d.kind == "interface" }
