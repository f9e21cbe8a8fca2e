// Package fromyaml writes YAML as JSON. The server has the description as JSON alone:
// a reader of YAML is as large as its database of time zones.
package fromyaml

import (
	"bytes"
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v4"
)

// JSON writes YAML as JSON with the members in the order of the source, which
// other viewers follow.
func JSON(source []byte) ([]byte, error) {
	var node yaml.Node
	if err := yaml.Unmarshal(source, &node); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err := write(&b, &node)
	return b.Bytes(), err
}

func write(b *bytes.Buffer, node *yaml.Node) error {
	switch node.Kind {
	case yaml.DocumentNode:
		return write(b, node.Content[0])
	case yaml.MappingNode:
		b.WriteByte('{')
		for i := 0; i < len(node.Content); i += 2 {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeScalar(b, node.Content[i].Value); err != nil {
				return err
			}
			b.WriteByte(':')
			if err := write(b, node.Content[i+1]); err != nil {
				return err
			}
		}
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, element := range node.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := write(b, element); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	case yaml.ScalarNode:
		var value any
		if err := node.Decode(&value); err != nil {
			return err
		}
		return writeScalar(b, value)
	default:
		return fmt.Errorf("line %d: JSON has no word for this", node.Line)
	}
	return nil
}

func writeScalar(b *bytes.Buffer, value any) error {
	encoded, err := json.Marshal(value)
	b.Write(encoded)
	return err
}
