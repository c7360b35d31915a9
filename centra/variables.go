package centra

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// paymentFields is the body of PaymentResult.
func paymentFields(values url.Values) ([]byte, error) {
	return json.Marshal(map[string]any{"paymentMethodFields": returnVariables(values)})
}

// returnVariables are the variables that the shopper brought back, as PHP reads
// them, since Centra expects what its own PHP examples send: details[MD]=x is
// {"details": {"MD": "x"}}, a[]=1&a[]=2 is a list, and of duplicates the last
// counts.
func returnVariables(values url.Values) map[string]any {
	var top variables
	for _, name := range slices.Sorted(maps.Keys(values)) { // so that conflicts end the same way every time
		for _, value := range values[name] {
			top.add(name, value)
		}
	}
	return top.object()
}

// maxBrackets is how deep PHP nests a variable. It drops what is deeper.
const maxBrackets = 64

// variables is an object or a list; which of them shows when all are in.
type variables struct {
	members map[string]any // string or *variables
	next    int64          // behind the highest index: where [] appends
}

func (v *variables) add(name, value string) {
	name, brackets := splitBrackets(name)
	if name == "" || len(brackets) > maxBrackets {
		return
	}
	at := v
	for _, inner := range brackets {
		name = at.key(name)
		child, ok := at.members[name].(*variables)
		if !ok {
			child = new(variables)
			at.put(name, child)
		}
		at, name = child, inner
	}
	at.put(at.key(name), value)
}

// splitBrackets divides a[b][] into a and what its brackets hold, b and "". As in
// PHP what follows the last bracket is ignored, and a bracket that does not close
// is none.
func splitBrackets(full string) (name string, brackets []string) {
	start := strings.IndexByte(full, '[')
	if start <= 0 {
		return full, nil
	}
	name = full[:start]
	for rest := full[start:]; strings.HasPrefix(rest, "["); {
		inner, after, closed := strings.Cut(rest[1:], "]")
		if !closed {
			break
		}
		brackets = append(brackets, inner)
		rest = after
	}
	if brackets == nil {
		return full, nil
	}
	return name, brackets
}

// key is the name of a member: [] appends to a list.
func (v *variables) key(name string) string {
	if name == "" {
		name = strconv.FormatInt(v.next, 10)
		v.next++
	}
	return name
}

func (v *variables) put(name string, value any) {
	if v.members == nil {
		v.members = make(map[string]any)
	}
	v.members[name] = value
	i, err := strconv.ParseInt(name, 10, 64)
	if err == nil && strconv.FormatInt(i, 10) == name && i >= v.next && i < 1<<31 {
		v.next = i + 1
	}
}

func (v *variables) object() map[string]any {
	object := make(map[string]any, len(v.members))
	for name, value := range v.members {
		if child, ok := value.(*variables); ok {
			value = child.value()
		}
		object[name] = value
	}
	return object
}

// value is a list where the keys are 0 to n-1, else an object.
func (v *variables) value() any {
	object := v.object()
	if v.next != int64(len(object)) {
		return object
	}
	list := make([]any, len(object))
	for i := range list {
		value, ok := object[strconv.Itoa(i)]
		if !ok {
			return object
		}
		list[i] = value
	}
	return list
}
