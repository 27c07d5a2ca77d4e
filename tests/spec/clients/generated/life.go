// The life of a log through the client of openapi-generator for Go: life URL TOKEN SESSION.
package main

import (
	"context"
	"os"

	client "workoutlogs"
)

func check(holds bool, message string) {
	if !holds {
		println(message)
		os.Exit(1)
	}
}

func main() {
	url, token, session := os.Args[1], os.Args[2], os.Args[3]
	configuration := client.NewConfiguration()
	configuration.Servers = client.ServerConfigurations{{URL: url}}
	api := client.NewAPIClient(configuration).WorkoutLogsAPI
	ctx := context.WithValue(context.Background(), client.ContextAccessToken, token)

	body := client.NewWorkoutLogCreate(session, client.COMPLETED)
	body.SetActualDistance(10)
	body.SetActualDuration("50:00")
	body.SetFeeling(client.GOOD)
	created, response, err := api.CreateWorkoutLog(ctx).WorkoutLogCreate(*body).Execute()
	check(err == nil, "create")
	check(*created.Data.ActualPace.Get() == "5:00", "pace")
	check(created.Data.Notes.Get() == nil, "notes")
	id, etag := created.Data.Id, response.Header.Get("ETag")

	_, response, err = api.CreateWorkoutLog(ctx).WorkoutLogCreate(*body).Execute()
	problem := err.(*client.GenericOpenAPIError).Model().(client.Problem)
	check(response.StatusCode == 409 && problem.Code == client.DUPLICATE_WORKOUT_LOG, "duplicate")

	change := client.NewWorkoutLogUpdate()
	change.SetActualDistance(10.5)
	change.SetFeelingNil()
	updated, _, err := api.UpdateWorkoutLog(ctx, id).WorkoutLogUpdate(*change).IfMatch(etag).Execute()
	check(err == nil && updated.Data.Feeling.Get() == nil, "update")
	_, response, _ = api.UpdateWorkoutLog(ctx, id).WorkoutLogUpdate(*change).IfMatch(etag).Execute()
	check(response.StatusCode == 412, "precondition")

	page, _, err := api.ListWorkoutLogs(ctx).Limit(1).WithTotal(true).Execute()
	check(err == nil && page.Data[0].Id == id, "list")
	cursor := *page.Pagination.NextCursor.Get()
	page, _, err = api.ListWorkoutLogs(ctx).Limit(1).Cursor(cursor).Execute()
	check(err == nil && page.Data[0].Id != id, "second page")

	_, err = api.DeleteWorkoutLog(ctx, id).Execute()
	check(err == nil, "delete")
	_, response, _ = api.GetWorkoutLog(ctx, id).Execute()
	check(response.StatusCode == 404, "gone")
}
