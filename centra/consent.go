package centra

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// optIn is the field that says that the shopper agreed to the e-mail.
const optIn = "cartAbandonmentEmail"

// isOptIn reports whether a member has that field's name in any of the APIs.
func isOptIn(name string) bool {
	return strings.EqualFold(name, optIn) || strings.EqualFold(name, "sendCartAbandonmentEmail")
}

var errNested = errors.New("nested too deeply")

// withoutOptIn returns v, which came from a widget or a page, without any member
// called cartAbandonmentEmail, at whatever depth and in whatever Go type. A page
// could otherwise answer for the shopper what only the shop's server may. What
// has no such member is returned as it is; nothing that v holds is changed.
func withoutOptIn(v any) (any, error) {
	clean, _, err := dropOptIn(v, 0)
	return clean, err
}

func dropOptIn(v any, depth int) (clean any, found bool, err error) {
	if depth > maxDepth { // or a value that holds itself
		return nil, false, errNested
	}
	switch v := v.(type) {
	case nil, string, bool, json.Number, float64, int:
		return v, false, nil
	case map[string]any:
		return dropFromObject(v, depth)
	case []any:
		return dropFromList(v, depth)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, false, err
	}
	tree, err := parseTree(text)
	if err != nil {
		return nil, false, err
	}
	if clean, found, err = dropOptIn(tree, depth+1); err != nil || found {
		return clean, found, err
	}
	return json.RawMessage(text), false, nil
}

func dropFromObject(object map[string]any, depth int) (any, bool, error) {
	var changed map[string]any // a copy, once there is anything to leave out
	for key, value := range object {
		drop := isOptIn(key)
		clean, found, err := value, drop, error(nil)
		if !drop {
			if clean, found, err = dropOptIn(value, depth+1); err != nil {
				return nil, false, err
			}
		}
		if !found {
			continue
		}
		if changed == nil {
			changed = make(map[string]any, len(object))
			for k, v := range object {
				changed[k] = v
			}
		}
		if drop {
			delete(changed, key)
		} else {
			changed[key] = clean
		}
	}
	if changed == nil {
		return object, false, nil
	}
	return changed, true, nil
}

func dropFromList(list []any, depth int) (any, bool, error) {
	var changed []any
	for i, value := range list {
		clean, found, err := dropOptIn(value, depth+1)
		if err != nil {
			return nil, false, err
		}
		if !found {
			continue
		}
		if changed == nil {
			changed = append(changed, list...)
		}
		changed[i] = clean
	}
	if changed == nil {
		return list, false, nil
	}
	return changed, true, nil
}

// parseTree reads JSON into maps, lists and the scalars of encoding/json, numbers
// as they are written.
func parseTree(text []byte) (tree any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err = d.Decode(&tree)
	return tree, err
}
