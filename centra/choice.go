package centra

import "errors"

// Choice is a boolean that may also be left out of a request.
type Choice uint8

// The three answers of a [Choice].
const (
	NotSent Choice = iota
	Yes
	No
)

// YesNo returns Yes or No.
func YesNo(yes bool) Choice {
	if yes {
		return Yes
	}
	return No
}

// String returns "yes", "no" or "not sent".
func (c Choice) String() string {
	switch c {
	case Yes:
		return "yes"
	case No:
		return "no"
	}
	return "not sent"
}

// MarshalJSON writes true or false; in a struct, tag a Choice omitzero.
func (c Choice) MarshalJSON() ([]byte, error) {
	switch c {
	case Yes:
		return []byte("true"), nil
	case No:
		return []byte("false"), nil
	}
	return []byte("null"), nil
}

// UnmarshalJSON reads what MarshalJSON writes and nothing else: consent is not
// guessed.
func (c *Choice) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "true":
		*c = Yes
	case "false":
		*c = No
	case "null":
		*c = NotSent
	default:
		return errors.New("centra: a Choice is true, false or null in JSON")
	}
	return nil
}
