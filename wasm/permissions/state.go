// Package permissions binds the Permissions API: the state of a permission, and
// word of its changes (section 6 of its specification).
//
// For notifications, package notification's CurrentPermission says the same
// without waiting; this API also tells when the person changes it in the
// browser's settings: see [QueryStatus].
//
// See https://www.w3.org/TR/permissions/.
package permissions

// A State is the state of a permission. See
// https://www.w3.org/TR/permissions/#dom-permissionstate.
type State string

// Prompt means that the person would be asked.
const (
	Granted State = "granted"
	Denied  State = "denied"
	Prompt  State = "prompt"
)

// A Descriptor names a permission. See
// https://www.w3.org/TR/permissions/#dom-permissiondescriptor.
type Descriptor struct {
	// Name is the permission's, for example "notifications" or "push".
	Name string `json:"name"`
	// UserVisibleOnly belongs to "push" (Push API,
	// PushPermissionDescriptor).
	UserVisibleOnly bool `json:"userVisibleOnly,omitempty"`
}
