package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/centra-go/cartabandonment/centra"
)

const pleaseReport = "Please report it"

// report says what was found, a line for each question, without a value that came
// from Centra or went there.
type report struct {
	out         io.Writer
	differences int
	words       []word
}

// word is what stands behind the plus sign of an address.
type word struct {
	text, means string
	expected    expectation
}

// expectation says whether a mail to an address is as the library takes it.
type expectation string

const (
	yes   expectation = "should come"
	no    expectation = "should not come"
	maybe expectation = "may come"
)

func (r *report) line(verdict, question, found string) {
	fmt.Fprintf(r.out, "%-8s %s: %s\n", verdict, question, found)
}

// fits is for what is as the library takes it.
func (r *report) fits(question, found string) { r.line("ok", question, found) }

// seen is for what makes no difference to the library.
func (r *report) seen(question, found string) { r.line("seen", question, found) }

// unknown is for what could not be found out, and why.
func (r *report) unknown(question, why string) { r.line("unknown", question, why) }

// differs is for what is not as the library takes it, and what to change.
func (r *report) differs(question, found, change string) {
	r.differences++
	r.line("differs", question, found+". "+change)
}

// check is fits or differs.
func (r *report) check(question string, fits bool, found, change string) {
	if fits {
		r.fits(question, found)
	} else {
		r.differs(question, found, change)
	}
}

// holds is check for what is so or is not.
func (r *report) holds(question string, so bool, change string) {
	r.check(question, so, yesNo(so), change)
}

// accepted is check for a call that should succeed.
func (r *report) accepted(question string, err error, change string) {
	r.check(question, err == nil, what(err), change)
}

// dead is check for a link that should lead nowhere.
func (r *report) dead(question string, err error) {
	r.check(question, errors.Is(err, centra.ErrSelectionNotFound), what(err),
		"Shoppers would be told to try again, or be led to another cart: please report it")
}

// ended is for a walk that could not go on.
func (r *report) ended(err error) {
	r.differences++
	fmt.Fprintf(r.out, "%-8s the walk ends here: %v\n", "differs", err)
}

// mail notes an address that was left in a cart, and what it means that its mail
// comes or does not.
func (r *report) mail(text string, expected expectation, means string) {
	r.words = append(r.words, word{text, means, expected})
}

func (r *report) inbox() {
	if len(r.words) == 0 {
		return
	}
	fmt.Fprintln(r.out, "\nWait for the interval of your mailer, and look which words stand behind the + of\n"+
		"the addresses that got a mail:")
	for _, w := range r.words {
		fmt.Fprintf(r.out, "  %-10s %-15s  %s\n", w.text, w.expected, w.means)
	}
}
