package transfer

import (
	"bufio"
	"fmt"
	"slices"
	"strings"
)

// A Kind is a product whose file is read.
type Kind string

// The kinds. Each is described where its form is.
const (
	KindPushkit                 Kind = "pushkit"
	KindWebPush                 Kind = "web-push"
	KindLaravel                 Kind = "laravel"
	KindDjangoWebPush           Kind = "django-webpush"
	KindDjangoPushNotifications Kind = "django-push-notifications"
	KindPerfecty                Kind = "perfecty"
	KindOneSignal               Kind = "onesignal"
)

// A form opens files of a kind.
type form interface {
	open(from *bufio.Reader) (source, error)
}

// openForm is a form that has nothing but a function.
type openForm func(from *bufio.Reader) (source, error)

func (f openForm) open(from *bufio.Reader) (source, error) { return f(from) }

var forms = []struct {
	Kind
	form form
}{
	{KindPushkit, openForm(openLines)},
	{KindWebPush, openForm(openWebPush)},
	{KindLaravel, laravel},
	{KindDjangoWebPush, openForm(openDjangoWebPush)},
	{KindDjangoPushNotifications, djangoPushNotifications},
	{KindPerfecty, perfecty},
	{KindOneSignal, oneSignal},
}

// Kinds are all.
func Kinds() []Kind {
	var kinds []Kind
	for _, f := range forms {
		kinds = append(kinds, f.Kind)
	}
	return kinds
}

// ParseKind reads a kind's name.
func ParseKind(name string) (Kind, error) {
	if kinds := Kinds(); !slices.Contains(kinds, Kind(name)) {
		return "", fmt.Errorf("%q is no kind of file: %s are", name, strings.Trim(fmt.Sprint(kinds), "[]"))
	}
	return Kind(name), nil
}

// form returns the form of a kind, or that of pushkit for none.
func (k Kind) form() (form, error) {
	for _, f := range forms {
		if f.Kind == k || k == "" {
			return f.form, nil
		}
	}
	_, err := ParseKind(string(k))
	return nil, err
}
