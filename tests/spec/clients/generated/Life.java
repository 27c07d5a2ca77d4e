// The life of a log through the client of openapi-generator for Java: Life URL TOKEN SESSION.
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.WorkoutLogsApi;
import org.openapitools.client.model.*;

public class Life {
  static void check(boolean holds, String message) {
    if (!holds) throw new IllegalStateException(message);
  }

  interface Call {
    void run() throws ApiException;
  }

  static int status(Call call) {
    try {
      call.run();
      return 200;
    } catch (ApiException error) {
      return error.getCode();
    }
  }

  static WorkoutLogList list(WorkoutLogsApi api, String cursor) throws ApiException {
    return api.listWorkoutLogs(
        1, cursor, null, null, null, null, null, null, null, null, null, null);
  }

  public static void main(String[] arguments) throws ApiException {
    String token = arguments[1];
    ApiClient client = new ApiClient();
    client.updateBaseUri(arguments[0]);
    client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + token));
    WorkoutLogsApi api = new WorkoutLogsApi(client);

    WorkoutLogCreate body =
        new WorkoutLogCreate()
            .sessionId(arguments[2])
            .status(Status.COMPLETED)
            .actualDistance(10.0)
            .actualDuration("50:00")
            .feeling(Feeling.GOOD);
    var created = api.createWorkoutLogWithHttpInfo(body, null);
    WorkoutLog log = created.getData().getData();
    check(log.getActualPace().equals("5:00") && log.getNotes() == null, "create");
    check(status(() -> api.createWorkoutLog(body, null)) == 409, "duplicate");

    String etag = created.getHeaders().get("etag").get(0);
    WorkoutLogUpdate change = new WorkoutLogUpdate().actualDistance(10.5);
    WorkoutLog updated = api.updateWorkoutLog(log.getId(), change, etag, null).getData();
    check(updated.getActualDistance() == 10.5 && updated.getFeeling() == Feeling.GOOD, "update");
    check(status(() -> api.updateWorkoutLog(log.getId(), change, etag, null)) == 412, "precondition");

    WorkoutLogList page = list(api, null);
    check(page.getData().get(0).getId().equals(log.getId()), "list");
    String cursor = page.getPagination().getNextCursor();
    WorkoutLogList second = list(api, cursor);
    check(!second.getData().get(0).getId().equals(log.getId()), "second page");

    api.deleteWorkoutLog(log.getId(), null, null);
    check(status(() -> api.getWorkoutLog(log.getId(), null, null)) == 404, "gone");
  }
}
