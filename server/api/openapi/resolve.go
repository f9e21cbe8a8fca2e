package openapi

import (
	"fmt"
	"strings"
)

// maxDepth bounds schemas within schemas: more is a schema that names itself.
const maxDepth = 20

// resolve puts what a $ref names in its place.
func (d *Document) resolve() error {
	for _, o := range d.Operations() {
		if err := d.resolveOperation(o); err != nil {
			return fmt.Errorf("%s: %w", o.OperationID, err)
		}
	}
	// Those that no operation names: they hold for all.
	for name := range d.Components.Responses {
		if err := d.resolveResponse(d.Components.Responses[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for name, schema := range d.Components.Schemas {
		resolved, err := d.schema(schema, 0)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		d.Components.Schemas[name] = resolved
	}
	return nil
}

func (d *Document) resolveOperation(o *Operation) (err error) {
	for i := range o.Parameters {
		if o.Parameters[i], err = d.parameter(o.Parameters[i], "parameters", d.Components.Parameters); err != nil {
			return err
		}
	}
	if o.RequestBody != nil {
		if err := d.resolveContent(o.RequestBody.Content); err != nil {
			return err
		}
	}
	for i := range o.Responses {
		response := &o.Responses[i].Value
		if *response, err = named((*response).Ref, *response, "responses", d.Components.Responses); err != nil {
			return err
		}
		if err := d.resolveResponse(*response); err != nil {
			return err
		}
	}
	return nil
}

func (d *Document) resolveResponse(r *Response) (err error) {
	for i := range r.Headers {
		header := &r.Headers[i].Value
		if *header, err = d.parameter(*header, "headers", d.Components.Headers); err != nil {
			return err
		}
		(*header).Name = r.Headers[i].Name
	}
	return d.resolveContent(r.Content)
}

func (d *Document) resolveContent(content ordered[*Media]) (err error) {
	for _, media := range content {
		if media.Value.Schema, err = d.schema(media.Value.Schema, 0); err != nil {
			return err
		}
		for i := range media.Value.Examples {
			example := &media.Value.Examples[i].Value
			if *example, err = named((*example).Ref, *example, "examples", d.Components.Examples); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *Document) parameter(p *Parameter, kind string, from map[string]*Parameter) (*Parameter, error) {
	p, err := named(p.Ref, p, kind, from)
	if err != nil {
		return nil, err
	}
	p.Schema, err = d.schema(p.Schema, 0)
	return p, err
}

// schema returns s without references. A description beside a reference stands
// for that of what is named.
func (d *Document) schema(s *Schema, depth int) (*Schema, error) {
	if s == nil {
		return nil, nil
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("a schema holds itself")
	}
	target, err := named(s.Ref, s, "schemas", d.Components.Schemas)
	if err != nil {
		return nil, err
	}
	resolved := *target
	if s.Description != "" {
		resolved.Description = s.Description
	}
	if resolved.Ref != "" {
		return d.schema(&resolved, depth+1)
	}
	if resolved.Items, err = d.schema(resolved.Items, depth+1); err != nil {
		return nil, err
	}
	others := &resolved.AdditionalProperties
	if others.Schema, err = d.schema(others.Schema, depth+1); err != nil {
		return nil, err
	}
	resolved.OneOf = nil
	for _, one := range target.OneOf {
		if one, err = d.schema(one, depth+1); err != nil {
			return nil, err
		}
		resolved.OneOf = append(resolved.OneOf, one)
	}
	resolved.Properties = nil
	for _, member := range target.Properties {
		if member.Value, err = d.schema(member.Value, depth+1); err != nil {
			return nil, err
		}
		resolved.Properties = append(resolved.Properties, member)
	}
	return &resolved, nil
}

// named returns the component that ref names, or own where it names none.
func named[T any](ref string, own T, kind string, from map[string]T) (T, error) {
	if ref == "" {
		return own, nil
	}
	name, ok := strings.CutPrefix(ref, "#/components/"+kind+"/")
	component, known := from[name]
	if !ok || !known {
		return own, fmt.Errorf("%s is not there", ref)
	}
	return component, nil
}
