package taskdef

// What ECS knows of a task definition, from the SDK's own schema of
// RegisterTaskDefinition. This is the only file that knows how the SDK keeps it.

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/ecs/schemas"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"
)

// kind is what a member of a task definition is on the wire.
type kind int

const (
	anything kind = iota // nothing is known of it
	textKind
	numberKind // a whole one: ECS has no others in a definition
	boolKind
	objectKind  // members by name
	listKind    // elements of one shape
	stringsKind // an object whose names are data, such as labels
)

// String names the kind as JSON does.
func (k kind) String() string {
	return [...]string{"anything", "a string", "a whole number", "true or false", "an object", "a list", "an object"}[k]
}

// shape is the schema of a value; the zero value is that of an unknown one.
type shape struct{ schema *smithy.Schema }

// registration is the shape of RegisterTaskDefinition's input.
func registration() shape { return shape{schemas.RegisterTaskDefinitionRequest} }

func (s shape) kind() kind {
	if s.schema == nil {
		return anything
	}
	switch s.schema.Type() {
	case smithy.ShapeTypeString, smithy.ShapeTypeEnum:
		return textKind
	case smithy.ShapeTypeInteger, smithy.ShapeTypeLong, smithy.ShapeTypeShort, smithy.ShapeTypeByte:
		return numberKind
	case smithy.ShapeTypeBoolean:
		return boolKind
	case smithy.ShapeTypeStructure, smithy.ShapeTypeUnion:
		return objectKind
	case smithy.ShapeTypeList:
		return listKind
	case smithy.ShapeTypeMap:
		return stringsKind
	}
	return anything
}

// pair reports whether this is a name with its value, as environment variables are.
func (s shape) pair() bool {
	return s.schema != nil && s.schema.TargetID().Name == schemas.KeyValuePair.ID().Name
}

// member is the shape of a member of an object, or of a value of a map; ok is
// false if the object has no such member.
func (s shape) member(name string) (member shape, ok bool) {
	switch s.kind() {
	case objectKind:
		found := s.schema.Member(name)
		return shape{found}, found != nil
	case stringsKind:
		return shape{s.schema.MapValue()}, true
	case anything:
		return shape{}, true
	}
	return shape{}, false
}

// element is the shape of a list's elements.
func (s shape) element() shape {
	if s.kind() != listKind {
		return shape{}
	}
	return shape{s.schema.ListMember()}
}

// names are the names of an object's members, in order.
func (s shape) names() []string {
	if s.kind() != objectKind {
		return nil
	}
	return slices.Sorted(maps.Keys(s.schema.Members()))
}

// words are the values of members that ECS takes in one spelling only.
var words = sync.OnceValue(func() map[string][]string {
	return map[string][]string{
		"cpuArchitecture":         texts(types.CPUArchitecture("").Values()),
		"operatingSystemFamily":   texts(types.OSFamily("").Values()),
		"networkMode":             texts(types.NetworkMode("").Values()),
		"requiresCompatibilities": texts(types.Compatibility("").Values()),
	}
})

func texts[T ~string](values []T) []string {
	list := make([]string, len(values))
	for i, value := range values {
		list[i] = string(value)
	}
	return list
}

// wordLike is the value of a member that a text is but for its case, or "" if it
// is one of them, or none: a newer ECS may have it.
func wordLike(member, text string) string {
	known := words()[member]
	i := slices.IndexFunc(known, func(word string) bool { return strings.EqualFold(word, text) })
	if i < 0 || slices.Contains(known, text) {
		return ""
	}
	return known[i]
}
