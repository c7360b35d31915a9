package graphql

import "strconv"

// document is a parsed request.
type document struct {
	operations []*operation
	fragments  map[string]*fragment
}

type operation struct {
	kind      string // "query" or "mutation"
	name      string
	variables []*argument // what can be given, like a field's arguments
	selection []*selection
}

type fragment struct {
	name      string
	on        string
	selection []*selection
}

// selection is a field, or else the spread of a fragment (with a name) or a
// fragment in place.
type selection struct {
	field     bool
	key       string // the alias, or the name
	name      string // of the field or the fragment
	arguments map[string]value
	on        string // of a fragment in place; may be empty
	selection []*selection
}

type value struct {
	kind    valueKind
	text    string // of a variable its name
	number  float64
	list    []value
	members map[string]value
}

type valueKind int

const (
	nullValue valueKind = iota
	variableValue
	numberValue
	textValue
	booleanValue
	enumValue
	listValue
	objectValue
)

// maxDepth bounds how deep things may be nested within one another.
const maxDepth = 64

type parser struct {
	*lexer
	depth int
}

func parse(source string) (*document, error) {
	p := &parser{lexer: newLexer(source)}
	doc := &document{fragments: make(map[string]*fragment)}
	for p.token.kind != end {
		switch {
		case p.token.text == "{":
			doc.operations = append(doc.operations, &operation{kind: "query", selection: p.selections()})
		case p.skip("fragment"):
			f := &fragment{name: p.name()}
			p.expect("on")
			f.on = p.name()
			f.selection = p.selections()
			if doc.fragments[f.name] != nil {
				p.fail("the fragment %s is there twice", f.name)
			}
			doc.fragments[f.name] = f
		case p.token.text == "query" || p.token.text == "mutation":
			doc.operations = append(doc.operations, p.operation())
		default:
			p.fail("%q begins neither an operation nor a fragment", p.token.text)
		}
	}
	return doc, p.err
}

func (p *parser) operation() *operation {
	op := &operation{kind: p.name()}
	if p.token.kind == name {
		op.name = p.name()
	}
	if p.skip("(") {
		p.each(")", func() {
			p.expect("$")
			op.variables = append(op.variables, p.argument())
		})
	}
	op.selection = p.selections()
	return op
}

// argument is a name with a type and perhaps a default: a variable, or what a
// field or an input takes.
func (p *parser) argument() *argument {
	a := &argument{name: p.name()}
	p.expect(":")
	a.typ = p.typeReference()
	if p.skip("=") {
		fallback := p.value()
		a.fallback = &fallback
	}
	return a
}

func (p *parser) typeReference() *reference {
	t := &reference{}
	if p.skip("[") {
		if p.depth++; p.depth > maxDepth {
			p.fail("lists are nested too deep")
			return t
		}
		t.list = p.typeReference()
		p.depth--
		p.expect("]")
	} else {
		t.name = p.name()
	}
	t.required = p.skip("!")
	return t
}

func (p *parser) selections() []*selection {
	if p.depth++; p.depth > maxDepth {
		p.fail("fields are nested too deep")
		return nil
	}
	defer func() { p.depth-- }()
	var list []*selection
	p.expect("{")
	p.each("}", func() { list = append(list, p.selection()) })
	if len(list) == 0 {
		p.fail("nothing is selected between { and }")
	}
	return list
}

func (p *parser) selection() *selection {
	s := &selection{}
	switch {
	case p.skip("..."):
		if p.token.kind == name && p.token.text != "on" {
			s.name = p.name()
			return s
		}
		if p.skip("on") {
			s.on = p.name()
		}
		s.selection = p.selections()
		return s
	default:
		s.field, s.name = true, p.name()
		s.key = s.name
	}
	if p.skip(":") {
		s.name = p.name()
	}
	if p.skip("(") {
		s.arguments = p.members(")")
	}
	if p.token.text == "{" {
		s.selection = p.selections()
	}
	return s
}

func (p *parser) members(closing string) map[string]value {
	members := make(map[string]value)
	p.each(closing, func() {
		key := p.name()
		p.expect(":")
		if _, twice := members[key]; twice {
			p.fail("%s is given twice", key)
		}
		members[key] = p.value()
	})
	return members
}

func (p *parser) value() value {
	if p.depth++; p.depth > maxDepth {
		p.fail("values are nested too deep")
		return value{}
	}
	defer func() { p.depth-- }()
	t := p.token
	switch {
	case p.skip("$"):
		return value{kind: variableValue, text: p.name()}
	case p.skip("["):
		v := value{kind: listValue}
		p.each("]", func() { v.list = append(v.list, p.value()) })
		return v
	case p.skip("{"):
		return value{kind: objectValue, members: p.members("}")}
	case t.kind == number:
		p.advance()
		f, _ := strconv.ParseFloat(t.text, 64) // the lexer has tried
		return value{kind: numberValue, number: f, text: t.text}
	case t.kind == text:
		p.advance()
		return value{kind: textValue, text: t.text}
	}
	switch word := p.name(); word {
	case "true", "false":
		return value{kind: booleanValue, text: word}
	case "null":
		return value{kind: nullValue}
	default:
		return value{kind: enumValue, text: word}
	}
}
