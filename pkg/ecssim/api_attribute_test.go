package ecssim_test

import (
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// TestAttributes gives an instance an attribute, by which a task finds it, and
// takes the attribute away.
func TestAttributes(t *testing.T) {
	_, client := demo(t, "healthy")
	ctx := t.Context()
	instance, err := client.RegisterContainerInstance(ctx, &ecs.RegisterContainerInstanceInput{Cluster: aws.String("demo")})
	if err != nil {
		t.Fatal(err)
	}
	arn := *instance.ContainerInstance.ContainerInstanceArn
	if _, err := client.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{Family: aws.String("job"),
		ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("job"), Image: aws.String("job:1"), Memory: aws.Int32(64)}}}); err != nil {
		t.Fatal(err)
	}
	run := func() *ecs.RunTaskOutput {
		t.Helper()
		out, err := client.RunTask(ctx, &ecs.RunTaskInput{Cluster: aws.String("demo"), TaskDefinition: aws.String("job"), LaunchType: types.LaunchTypeEc2,
			PlacementConstraints: []types.PlacementConstraint{{Type: types.PlacementConstraintTypeMemberOf, Expression: aws.String("attribute:stack == production")}}})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if out := run(); len(out.Failures) != 1 {
		t.Errorf("without the attribute: %+v", out)
	}
	stack := types.Attribute{Name: aws.String("stack"), Value: aws.String("production"), TargetId: &arn}
	put, err := client.PutAttributes(ctx, &ecs.PutAttributesInput{Cluster: aws.String("demo"), Attributes: []types.Attribute{stack}})
	if err != nil || len(put.Attributes) != 1 || *put.Attributes[0].TargetId != arn {
		t.Fatalf("%+v, %v", put, err)
	}
	if out := run(); len(out.Tasks) != 1 {
		t.Errorf("with the attribute: %+v", out.Failures)
	}
	list := func(value string) int {
		t.Helper()
		out, err := client.ListAttributes(ctx, &ecs.ListAttributesInput{Cluster: aws.String("demo"), TargetType: types.TargetTypeContainerInstance,
			AttributeName: aws.String("stack"), AttributeValue: &value})
		if err != nil {
			t.Fatal(err)
		}
		return len(out.Attributes)
	}
	if list("production") != 1 || list("test") != 0 {
		t.Error("ListAttributes does not filter by value")
	}
	if _, err := client.DeleteAttributes(ctx, &ecs.DeleteAttributesInput{Cluster: aws.String("demo"), Attributes: []types.Attribute{stack}}); err != nil {
		t.Fatal(err)
	}
	if list("production") != 0 {
		t.Error("the attribute is still there")
	}
	_, err = client.PutAttributes(ctx, &ecs.PutAttributesInput{Cluster: aws.String("demo"), Attributes: []types.Attribute{
		{Name: aws.String("a"), TargetId: aws.String("none"), TargetType: types.TargetTypeContainerInstance}}})
	wantCode(t, err, "TargetNotFoundException", "none")
	for i := range 11 {
		_, err = client.PutAttributes(ctx, &ecs.PutAttributesInput{Cluster: aws.String("demo"), Attributes: []types.Attribute{
			{Name: aws.String("a" + strconv.Itoa(i)), TargetId: &arn}}})
		if i < 10 && err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, err, "AttributeLimitExceededException", "10")
}
