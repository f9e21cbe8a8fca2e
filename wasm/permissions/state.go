// Package permissions binds the Permissions API.
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
