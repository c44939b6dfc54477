package ecssim_test

// This file pages through lists with the real client's paginators, also while
// the list changes.

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// TestPruneWhileListing deregisters each page before it asks for the next one:
// no revision is left out, in either order.
func TestPruneWhileListing(t *testing.T) {
	for _, sort := range []types.SortOrder{types.SortOrderAsc, types.SortOrderDesc} {
		_, client := demo(t, "healthy")
		var want []string
		for n := 2; n <= 12; n++ {
			register(t, client, fmt.Sprintf("web:%d", n))
			want = append(want, fmt.Sprintf("web:%d", n))
		}
		want = append([]string{"web:1"}, want...)
		if sort == types.SortOrderDesc {
			slices.Reverse(want)
		}
		var seen []string
		pages := ecs.NewListTaskDefinitionsPaginator(client, &ecs.ListTaskDefinitionsInput{FamilyPrefix: aws.String("web"), Sort: sort, MaxResults: aws.Int32(5)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, arn := range page.TaskDefinitionArns {
				seen = append(seen, arn[strings.LastIndex(arn, "/")+1:])
				if _, err := client.DeregisterTaskDefinition(t.Context(), &ecs.DeregisterTaskDefinitionInput{TaskDefinition: &arn}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if !slices.Equal(seen, want) {
			t.Errorf("%s: %v, want %v", sort, seen, want)
		}
		for status, n := range map[types.TaskDefinitionStatus]int{types.TaskDefinitionStatusActive: 0, types.TaskDefinitionStatusInactive: 12, types.TaskDefinitionStatusDeleteInProgress: 0} {
			out, err := client.ListTaskDefinitions(t.Context(), &ecs.ListTaskDefinitionsInput{Status: status})
			if err != nil || len(out.TaskDefinitionArns) != n || out.NextToken != nil {
				t.Errorf("%s: %d of them, %v", status, len(out.TaskDefinitionArns), err)
			}
		}
	}
}

// TestListTasksPages pages through the tasks while one of them stops.
func TestListTasksPages(t *testing.T) {
	_, client := demo(t, "healthy")
	if _, err := client.CreateService(t.Context(), &ecs.CreateServiceInput{Cluster: aws.String("demo"), ServiceName: aws.String("empty"), TaskDefinition: aws.String("web"), DesiredCount: aws.Int32(0), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-1"}}}}); err != nil {
		t.Fatal(err)
	}
	all, err := client.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String("demo"), Family: aws.String("web")})
	if err != nil || len(all.TaskArns) != 2 || all.NextToken != nil {
		t.Fatal(all, err)
	}
	first, err := client.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String("demo"), MaxResults: aws.Int32(1)})
	if err != nil || len(first.TaskArns) != 1 || first.NextToken == nil {
		t.Fatal(first, err)
	}
	if _, err := client.StopTask(t.Context(), &ecs.StopTaskInput{Cluster: aws.String("demo"), Task: &first.TaskArns[0]}); err != nil {
		t.Fatal(err)
	}
	second, err := client.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String("demo"), NextToken: first.NextToken})
	if err != nil || !slices.Equal(append(first.TaskArns, second.TaskArns...), all.TaskArns) || second.NextToken != nil {
		t.Errorf("second page %+v, %v", second, err)
	}
	for filter, want := range map[*ecs.ListTasksInput]int{
		{DesiredStatus: types.DesiredStatusStopped}:                            1,
		{DesiredStatus: types.DesiredStatusPending}:                            0,
		{ServiceName: aws.String("empty")}:                                     0,
		{ServiceName: aws.String("web")}:                                       1,
		{Family: aws.String("web"), DesiredStatus: types.DesiredStatusStopped}: 1,
		{Family: aws.String("we")}:                                             0,
		{LaunchType: types.LaunchTypeEc2}:                                      0,
	} {
		filter.Cluster = aws.String("demo")
		out, err := client.ListTasks(t.Context(), filter)
		if err != nil || len(out.TaskArns) != want {
			t.Errorf("%+v: %d tasks, %v", filter, len(out.TaskArns), err)
		}
	}
	_, err = client.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String("demo"), NextToken: aws.String("YWZ0ZXI6eA")}) // after:x
	wantCode(t, err, "InvalidParameterException", "Invalid token.")
}
