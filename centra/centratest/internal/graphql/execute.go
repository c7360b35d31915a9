package graphql

import "fmt"

// Object is a value of a type with fields. A field may be a func(map[string]any)
// any, which is called with the field's arguments when the field is asked for.
type Object struct {
	Type   string
	Fields map[string]any
}

// Execute carries the request out and returns its data. resolve makes the value
// of a root field, one after the other in their order; its first error ends it.
func (r *Request) Execute(resolve func(field string, arguments map[string]any) (any, error)) (map[string]any, error) {
	x := &execution{Request: r}
	root := rootType[r.Kind]
	data := make(map[string]any)
	for _, s := range r.collect(root, r.operation.selection) {
		if s.name == "__typename" {
			data[s.key] = root
			continue
		}
		field := r.schema.types[root].fields[s.name]
		arguments, err := r.arguments(field, s)
		if err != nil {
			return nil, err
		}
		resolved, err := resolve(s.name, arguments)
		if err != nil {
			return nil, err
		}
		data[s.key] = x.value(root+"."+s.name, field.typ, resolved, s.selection)
	}
	if x.err != nil {
		return nil, x.err
	}
	return data, nil
}

// execution keeps the first thing that went wrong below the root.
type execution struct {
	*Request
	err error
}

// collect is the list of fields that a selection comes to for a concrete type.
// Of a key that is there more than once the selections add up.
func (r *Request) collect(concrete string, list []*selection) []*selection {
	var fields []*selection
	byKey := make(map[string]*selection)
	var add func([]*selection)
	add = func(list []*selection) {
		for _, s := range list {
			switch {
			case s.field && byKey[s.key] != nil:
				merged := byKey[s.key]
				merged.selection = append(merged.selection[:len(merged.selection):len(merged.selection)], s.selection...)
			case s.field:
				own := *s
				byKey[s.key] = &own
				fields = append(fields, &own)
			case s.name != "":
				if f := r.document.fragments[s.name]; r.schema.is(concrete, f.on) {
					add(f.selection)
				}
			case s.on == "" || r.schema.is(concrete, s.on):
				add(s.selection)
			}
		}
	}
	add(list)
	return fields
}

// arguments are those of a field, with variables and defaults filled in. One
// that is left out, also by a variable without a value, is not in the map.
func (r *Request) arguments(field *fieldDefinition, s *selection) (map[string]any, error) {
	arguments := make(map[string]any)
	for _, a := range field.arguments {
		given, ok := s.arguments[a.name]
		if _, has := r.variables[given.text]; !ok || given.kind == variableValue && !has {
			if a.fallback != nil {
				arguments[a.name] = a.fallback.plain(nil)
			}
			continue
		}
		value, err := r.schema.coerce(s.name+"."+a.name, a.typ, given.plain(r.variables))
		if err != nil {
			return nil, err
		}
		arguments[a.name] = value
	}
	return arguments, nil
}

// value writes what was resolved as JSON. Something that the schema does not
// allow is a mistake of the program that made it.
func (x *execution) value(of string, typ *reference, resolved any, list []*selection) any {
	switch v := resolved.(type) {
	case nil:
		if typ.required {
			panic("graphql: " + of + " is never null")
		}
		return nil
	case []any:
		if typ.list == nil {
			panic("graphql: " + of + " is no list")
		}
		written := make([]any, 0, len(v))
		for _, element := range v {
			written = append(written, x.value(of, typ.list, element, list))
		}
		return written
	case *Object:
		if v == nil {
			return x.value(of, typ, nil, list)
		}
		return x.object(of, typ, v, list)
	default:
		return v
	}
}

func (x *execution) object(of string, typ *reference, o *Object, list []*selection) any {
	if typ.list != nil || !x.schema.is(o.Type, typ.name) {
		panic(fmt.Sprintf("graphql: %s is %s, not %s", of, typ, o.Type))
	}
	written := make(map[string]any)
	for _, s := range x.collect(o.Type, list) {
		if s.name == "__typename" {
			written[s.key] = o.Type
			continue
		}
		field := x.schema.types[o.Type].fields[s.name]
		resolved, ok := o.Fields[s.name]
		if !ok {
			panic("graphql: " + o.Type + "." + s.name + " has no value")
		}
		if late, ok := resolved.(func(map[string]any) any); ok {
			arguments, err := x.arguments(field, s)
			if err != nil {
				x.err = err // a null in a place that has a default
				return nil
			}
			resolved = late(arguments)
		}
		written[s.key] = x.value(o.Type+"."+s.name, field.typ, resolved, s.selection)
	}
	return written
}
