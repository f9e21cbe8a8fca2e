package serviceworker

import (
	"github.com/hack-pad/safejs"
	"github.com/pushkit/pushkit/wasm/dom"
)

// policyName is what a page with the directive trusted-types has to allow.
const policyName = "pushkit"

// policy is made once: a page may forbid a second one of the same name.
var policy safejs.Value

// trusted is the form in which a page that requires Trusted Types takes a
// script's address, and the address itself where the browser does not know
// them or the page forbids our policy. See
// https://www.w3.org/TR/trusted-types/#trusted-script-url.
func trusted(scriptURL string) any {
	factory, ok := dom.Member(safejs.Global(), "trustedTypes")
	if !ok {
		return scriptURL
	}
	if policy.IsUndefined() {
		// Who has called Register has vouched for the address.
		identity, _ := dom.Member(safejs.Global(), "String")
		made, err := dom.Call(factory, "createPolicy", policyName, map[string]any{"createScriptURL": identity})
		if err != nil {
			return scriptURL
		}
		policy = made
	}
	value, err := dom.Call(policy, "createScriptURL", scriptURL)
	if err != nil {
		return scriptURL
	}
	return value
}
