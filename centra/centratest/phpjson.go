package centratest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// object is a PHP array with string keys.
type object map[string]any

// encoded is a value that is JSON already.
type encoded []byte

// appendPHP appends v as PHP's json_encode writes it: an object without members
// as a list, slashes and everything outside ASCII escaped.
func appendPHP(out []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(out, "null"...)
	case encoded:
		return append(out, v...)
	case string:
		return appendPHPText(out, v)
	case bool:
		return strconv.AppendBool(out, v)
	case int:
		return strconv.AppendInt(out, int64(v), 10)
	case float64:
		return strconv.AppendFloat(out, v, 'f', -1, 64)
	case []any:
		return appendPHPList(out, v)
	case []object:
		return appendPHPList(out, v)
	case map[string]any:
		return appendPHP(out, object(v))
	case object:
		if len(v) == 0 {
			return append(out, "[]"...)
		}
		separator := byte('{')
		for _, name := range slices.Sorted(maps.Keys(v)) {
			out = append(out, separator)
			out = append(appendPHPText(out, name), ':')
			out = appendPHP(out, v[name])
			separator = ','
		}
		return append(out, '}')
	default:
		panic(fmt.Sprintf("centratest: a %T cannot be part of a response", v))
	}
}

func appendPHPList[T any](out []byte, list []T) []byte {
	out = append(out, '[')
	for i, element := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendPHP(out, element)
	}
	return append(out, ']')
}

func appendPHPText(out []byte, text string) []byte {
	out = append(out, '"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\' || r == '/':
			out = append(out, '\\', byte(r))
		case r == '\n':
			out = append(out, `\n`...)
		case r >= ' ' && r < utf8.RuneSelf:
			out = append(out, byte(r))
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return append(out, '"')
}
