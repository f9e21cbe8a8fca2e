package webpush

import "syscall"

// Route says where the requests for an endpoint go: to its own origin, or where a
// rule leads them, such as http://127.0.0.1:8090. local says that this is on this
// machine, by the operator's word. The error is that of [Services.Check].
func (s *Services) Route(endpoint string) (origin string, local bool, err error) {
	u, err := parseEndpoint(endpoint)
	if err != nil {
		return "", false, err
	}
	rule, ok := s.match(u)
	if !ok {
		return "", false, notAllowed(u)
	}
	to := originOf(u, rule)
	if rule.routedVia != nil {
		return to.Scheme + "://" + to.Address, true, nil
	}
	return u.Scheme + "://" + u.Host, to.Local, nil
}

// PublicAddressesOnly is a [net.Dialer]'s Control that lets connections to the
// internet's addresses through, as a [Client] does for push services that are not
// local.
func PublicAddressesOnly() func(network, address string, c syscall.RawConn) error {
	return publicAddresses().Safe
}
