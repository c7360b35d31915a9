package graphql

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

func isBuiltIn(scalar string) bool {
	return slices.Contains([]string{"Int", "Float", "String", "Boolean", "ID"}, scalar)
}

// plain is a literal as it would have come in JSON. A variable without a value
// leaves its member out.
func (v value) plain(variables map[string]any) any {
	switch v.kind {
	case variableValue:
		return variables[v.text]
	case numberValue:
		return v.number
	case textValue, enumValue:
		return v.text
	case booleanValue:
		return v.text == "true"
	case listValue:
		list := make([]any, 0, len(v.list))
		for _, element := range v.list {
			list = append(list, element.plain(variables))
		}
		return list
	case objectValue:
		object := make(map[string]any, len(v.members))
		for key, member := range v.members {
			if _, given := variables[member.text]; member.kind != variableValue || given {
				object[key] = member.plain(variables)
			}
		}
		return object
	}
	return nil
}

// coerce checks a value of JSON against a type and fills in defaults. Its errors
// name the place and the kind, never the value: that may be an address.
func (s *Schema) coerce(of string, typ *reference, given any) (any, error) {
	switch {
	case given == nil && typ.required:
		return nil, fmt.Errorf("%s is never null", of)
	case given == nil:
		return nil, nil
	case typ.list != nil:
		return s.coerceList(of, typ.list, given)
	}
	d := s.types[typ.name]
	ok := true
	switch d.kind {
	case "input":
		object, isObject := given.(map[string]any)
		if !isObject {
			break
		}
		return s.coerceInput(of, d.inputs, object)
	case "enum":
		text, isText := given.(string)
		ok = isText && slices.Contains(d.values, text)
	default:
		ok = isScalar(d.name, given)
	}
	if !ok || d.kind == "input" {
		return nil, fmt.Errorf("%s wants %s, which %s is not", of, d.name, kindOf(given))
	}
	return given, nil
}

func (s *Schema) coerceList(of string, typ *reference, given any) (any, error) {
	list, isList := given.([]any)
	if !isList {
		list = []any{given}
	}
	coerced := make([]any, 0, len(list))
	for _, element := range list {
		value, err := s.coerce(of, typ, element)
		if err != nil {
			return nil, err
		}
		coerced = append(coerced, value)
	}
	return coerced, nil
}

func (s *Schema) coerceInput(of string, inputs []*argument, given map[string]any) (any, error) {
	object := make(map[string]any, len(given))
	for _, a := range inputs {
		value, sent := given[a.name]
		switch {
		case sent:
			coerced, err := s.coerce(of+"."+a.name, a.typ, value)
			if err != nil {
				return nil, err
			}
			object[a.name] = coerced
		case a.fallback != nil:
			object[a.name] = a.fallback.plain(nil)
		case a.typ.required:
			return nil, fmt.Errorf("%s needs %s", of, a.name)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if !slices.ContainsFunc(inputs, func(a *argument) bool { return a.name == key }) {
			return nil, fmt.Errorf("%s takes no %s", of, key)
		}
	}
	return object, nil
}

// isScalar tells whether JSON's value can be the scalar. Any other scalar than
// GraphQL's own is an object, a "Map".
func isScalar(name string, given any) bool {
	switch name {
	case "Int":
		f, ok := given.(float64)
		return ok && f == math.Trunc(f) && math.Abs(f) <= math.MaxInt32
	case "Float":
		_, ok := given.(float64)
		return ok
	case "String", "ID":
		_, ok := given.(string)
		return ok
	case "Boolean":
		_, ok := given.(bool)
		return ok
	}
	_, ok := given.(map[string]any)
	return ok
}

func kindOf(v any) string {
	switch v.(type) {
	case bool:
		return "a boolean"
	case float64:
		return "a number"
	case string:
		return "a text"
	case []any:
		return "a list"
	}
	return "an object"
}
