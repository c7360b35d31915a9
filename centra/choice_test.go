package centra_test

import (
	"encoding/json"
	"testing"

	"github.com/centra-go/cartabandonment/centra"
)

func TestChoice(t *testing.T) {
	tests := []struct {
		choice centra.Choice
		text   string
		json   string
	}{
		{centra.NotSent, "not sent", "null"},
		{centra.Yes, "yes", "true"},
		{centra.No, "no", "false"},
		{centra.YesNo(true), "yes", "true"},
		{centra.YesNo(false), "no", "false"},
	}
	for _, test := range tests {
		text, err := json.Marshal(test.choice)
		if err != nil || string(text) != test.json || test.choice.String() != test.text {
			t.Errorf("%d: %s %s %v, want %s %s", test.choice, test.choice, text, err, test.text, test.json)
		}
		var again centra.Choice
		if err := json.Unmarshal(text, &again); err != nil || again != test.choice {
			t.Errorf("%s is read back as %v, %v", text, again, err)
		}
	}
}

// Consent is not guessed.
func TestChoiceIsStrict(t *testing.T) {
	for _, text := range []string{`"true"`, `1`, `0`, `"yes"`, `[]`, `{}`, `""`} {
		choice := centra.Yes
		if err := json.Unmarshal([]byte(text), &choice); err == nil || choice != centra.Yes {
			t.Errorf("%s is read as %v, %v", text, choice, err)
		}
	}
}
