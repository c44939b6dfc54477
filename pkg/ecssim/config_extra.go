package ecssim

// This file keeps what a deploymentConfiguration has and the simulator's type
// has not: members that a newer ECS knows. They come back as they were given,
// so that a client can be tested to read, change and write without loss.

import (
	"bytes"
	"encoding/json"
	"maps"
)

// plainConfig is a deploymentConfig as its fields alone say it.
type plainConfig deploymentConfig

// MarshalJSON writes the fields, and what else there was.
func (c deploymentConfig) MarshalJSON() ([]byte, error) {
	if len(c.Extra) == 0 {
		return json.Marshal(plainConfig(c))
	}
	doc, err := document(plainConfig(c))
	if err != nil {
		return nil, err
	}
	return json.Marshal(supplied(doc, c.Extra))
}

// UnmarshalJSON reads over the configuration that is there: members that data
// does not have stay as they are.
func (c *deploymentConfig) UnmarshalJSON(data []byte) error {
	if known := plainConfig(*c); len(c.Extra) == 0 {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.DisallowUnknownFields()
		if dec.Decode(&known) == nil { // nearly always: there is nothing to keep
			*c = deploymentConfig(known)
			return nil
		}
	}
	plain := plainConfig(*c)
	if err := json.Unmarshal(data, &plain); err != nil {
		return err
	}
	var given Document
	if err := json.Unmarshal(data, &given); err != nil {
		return err
	}
	dropNulls(map[string]any(given))
	known, err := document(plain)
	if err != nil {
		return err
	}
	plain.Extra = leftover(supplied(given, c.Extra), known)
	*c = deploymentConfig(plain)
	return nil
}

// document is a value as the JSON object that it stands for.
func document(v any) (Document, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var doc Document
	err = json.Unmarshal(text, &doc)
	return doc, err
}

// supplied is an object with the members of extra that it does not have, and
// the same for the objects in it.
func supplied(object, extra map[string]any) Document {
	whole := Document(maps.Clone(object))
	if whole == nil {
		whole = Document{}
	}
	for member, v := range extra {
		has, both := whole[member].(map[string]any)
		more, also := v.(map[string]any)
		if both && also {
			whole[member] = map[string]any(supplied(has, more))
		} else if _, taken := whole[member]; !taken {
			whole[member] = v
		}
	}
	return whole
}

// leftover is what an object has and known has not. Nil: nothing.
func leftover(object, known map[string]any) Document {
	var rest Document
	keep := func(member string, v any) {
		if rest == nil {
			rest = Document{}
		}
		rest[member] = v
	}
	for member, v := range object {
		has, isKnown := known[member]
		if !isKnown {
			keep(member, cloneValue(v))
			continue
		}
		inside, both := has.(map[string]any)
		around, also := v.(map[string]any)
		if !both || !also {
			continue
		}
		if deeper := leftover(around, inside); deeper != nil {
			keep(member, map[string]any(deeper))
		}
	}
	return rest
}
