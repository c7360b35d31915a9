package checkoutscript_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/centra-go/cartabandonment/centra"
	"github.com/centra-go/cartabandonment/checkoutscript"
)

func capture(s *shop, email string) checkoutscript.Pending {
	return checkoutscript.Pending{
		Version: 1, Session: centra.Session(s.token), CapturedAt: time.Now(),
		Fields: centra.Fields{Email: email, CartAbandonmentEmail: centra.Yes},
	}
}

func withdrawal(s *shop, email string) checkoutscript.Pending {
	p := capture(s, email)
	p.Fields.CartAbandonmentEmail = centra.No
	return p
}

func TestPendingGoesToJSONAndBack(t *testing.T) {
	want := checkoutscript.Pending{
		Version: 1, Session: "esf1p3tgchfg5ggtpqdpgqjtt6", CapturedAt: time.Date(2025, 11, 25, 12, 0, 0, 5, time.UTC),
		Fields: centra.Fields{Email: "anna@example.com", CartAbandonmentEmail: centra.Yes},
	}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimSpace(golden(t, "pending.json")), string(text)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	var got checkoutscript.Pending
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read again (-want +got):\n%s", diff)
	}
	again, err := json.Marshal(got)
	if err != nil || string(again) != string(text) {
		t.Errorf("written again: %s, %v", again, err)
	}
}

func TestPendingPrintsNothingOfTheShopper(t *testing.T) {
	p := checkoutscript.Pending{
		Version: 1, Session: "canary-session", CapturedAt: time.Now(),
		Fields: centra.Fields{Email: "canary@example.com", CartAbandonmentEmail: centra.Yes},
	}
	var printed bytes.Buffer
	for _, v := range []any{p, &p, struct{ P checkoutscript.Pending }{p}} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			fmt.Fprintf(&printed, format+"\n", v)
		}
	}
	for _, v := range []any{p, &p} {
		slog.New(slog.NewTextHandler(&printed, nil)).Info("pending", "pending", v)
		slog.New(slog.NewJSONHandler(&printed, nil)).Info("pending", "pending", v)
	}
	if s := printed.String(); strings.Contains(s, "canary") || strings.Contains(s, "63616e617279") {
		t.Errorf("a Pending prints what the shopper typed:\n%s", s)
	}
	if !strings.Contains(printed.String(), "capture of 20") {
		t.Errorf("printed:\n%s", printed.String())
	}
}

func TestPendingThatIsNoneIsDropped(t *testing.T) {
	const good = `{"version":1,"session":"{token}","fields":{"email":"a@b.se","cartAbandonmentEmail":true},"capturedAt":"{now}"}`
	tests := map[string]struct{ old, new string }{
		"a list":                 {good, `[]`},
		"null":                   {good, `null`},
		"an empty object":        {good, `{}`},
		"another version":        {`"version":1`, `"version":2`},
		"no version":             {`"version":1,`, ``},
		"a version that is text": {`"version":1`, `"version":"canary"`},
		"a session that is none": {`"{token}"`, `{"canary":"canary"}`},
		"no session":             {`"{token}"`, `""`},
		"the word for none":      {`{token}`, `none`},
		"a malformed session":    {`{token}`, `a b/canary`},
		"no time":                {`,"capturedAt":"{now}"`, ``},
		"a time that is none":    {`{now}`, `canary`},
		"a day old":              {`{now}`, time.Now().Add(-24*time.Hour - time.Minute).Format(time.RFC3339)},
		"of tomorrow":            {`{now}`, time.Now().Add(24 * time.Hour).Format(time.RFC3339)},
		"no fields":              {`{"email":"a@b.se","cartAbandonmentEmail":true}`, `{}`},
		"no consent":             {`,"cartAbandonmentEmail":true`, ``},
		"no address":             {`"email":"a@b.se",`, ``},
		"half an address":        {`a@b.se`, `canary@`},
		"a before that is none":  {`"version":1`, `"version":1,"before":["canary"]`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, nil)
			text := strings.Replace(good, test.old, test.new, 1)
			if text == good {
				t.Fatal("nothing was replaced")
			}
			text = strings.NewReplacer("{token}", s.token, "{now}", time.Now().Format(time.RFC3339Nano)).Replace(text)
			var p checkoutscript.Pending
			err := json.Unmarshal([]byte(text), &p)
			if err == nil {
				err = s.Redeliver(t.Context(), p)
			}
			if !errors.Is(err, checkoutscript.ErrDropped) || strings.Contains(fmt.Sprintf("%v %#v", err, err), "canary") {
				t.Errorf("error %v", err)
			}
			if n := len(s.centra.Requests()); n != 0 {
				t.Errorf("%d calls to Centra", n)
			}
		})
	}
}
