package main

import (
	"bytes"
	"crypto/rand"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/centra-go/cartabandonment/centra"
)

//go:embed templates static
var files embed.FS

// view is what a template gets; Page is its own part.
type view struct {
	Title   string
	Here    string // path of the page, for the navigation and the demo's forms
	Nonce   string
	Cart    *centra.Selection // never nil
	Notices []notice
	Demo    demoState
	Page    any
}

// notice is said at the top of a page.
type notice struct {
	Warn  bool
	Title string
	Text  string
	Lines []string
	Link  string
	Label string
}

// pages renders the templates.
type pages struct {
	templates map[string]*template.Template
	pictures  map[string]template.HTML
	policy    string
}

// The Content-Security-Policy allows this shop and nothing else. A real widget
// brings scripts and frames of its own, known only to whoever makes it.
const (
	ownPolicy = "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
	widgetPolicy = "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self' 'unsafe-inline'; " +
		"img-src 'self' https: data:; connect-src 'self' https:; frame-src 'self' https:; " +
		"form-action 'self' https:; base-uri 'none'; frame-ancestors 'self'"
)

func newPages(policy string) *pages {
	p := &pages{
		templates: make(map[string]*template.Template),
		pictures:  make(map[string]template.HTML),
		policy:    policy,
	}
	pictures, _ := fs.Glob(files, "static/pictures/*.svg")
	for _, name := range pictures {
		svg, _ := files.ReadFile(name)
		p.pictures[strings.TrimSuffix(path.Base(name), ".svg")] = template.HTML(svg)
	}
	funcs := template.FuncMap{
		"picture": p.picture,
		"clock":   func(t time.Time) string { return t.Format("15:04:05") },
	}
	shared := template.Must(template.New("").Funcs(funcs).ParseFS(files, "templates/layout.html", "templates/parts.html"))
	names, _ := fs.Glob(files, "templates/*.html")
	for _, name := range names {
		p.templates[strings.TrimSuffix(path.Base(name), ".html")] =
			template.Must(template.Must(shared.Clone()).ParseFS(files, name))
	}
	return p
}

// picture is the drawing of a product, found by the last part of its address.
func (p *pages) picture(uri any) template.HTML {
	var name string
	switch uri := uri.(type) {
	case text:
		name = string(uri)
	case string:
		name = uri
	}
	if svg, ok := p.pictures[path.Base(name)]; ok {
		return svg
	}
	return p.pictures["other"]
}

// nonce is new for every response.
func nonce() string { return rand.Text() }

// write renders the page into memory first, so that a broken template is an
// error and not half a page.
func (p *pages) write(w http.ResponseWriter, status int, name string, v view) error {
	if v.Cart == nil {
		v.Cart = new(centra.Selection)
	}
	if v.Nonce == "" {
		v.Nonce = nonce()
	}
	root := "layout"
	if name == "widget" {
		root = "widget.html"
	}
	var body bytes.Buffer
	if err := p.templates[name].ExecuteTemplate(&body, root, v); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", strings.ReplaceAll(p.policy, "{nonce}", v.Nonce))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "private, no-cache")
	w.WriteHeader(status)
	_, _ = body.WriteTo(w) // a visitor who has gone needs no page
	return nil
}

// static serves style sheets and scripts.
func static() http.Handler {
	files, _ := fs.Sub(files, "static") // the directory is embedded
	server := http.StripPrefix("/static/", http.FileServerFS(files))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		server.ServeHTTP(w, r)
	})
}
