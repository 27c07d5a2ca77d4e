# The life of a log through the client of openapi-generator for Ruby: life.rb URL TOKEN SESSION.
require "openapi_client"

url, token, session = ARGV

def check(holds, message)
  abort message unless holds
end

def status
  yield
  200
rescue OpenapiClient::ApiError => e
  e.code
end

OpenapiClient.configure do |config|
  config.scheme, config.host = url.split("://")
  config.server_index = nil
  config.access_token = token
end
api = OpenapiClient::WorkoutLogsApi.new

body = OpenapiClient::WorkoutLogCreate.new(
  session_id: session, status: "completed", actual_distance: 10, actual_duration: "50:00", feeling: "good"
)
created, _, headers = api.create_workout_log_with_http_info(body)
log = created.data
check log.actual_pace == "5:00" && log.notes.nil?, "create"
check status { api.create_workout_log(body) } == 409, "duplicate"

etag = headers["ETag"]
change = OpenapiClient::WorkoutLogUpdate.new(actual_distance: 10.5, feeling: nil)
updated = api.update_workout_log(log.id, change, if_match: etag).data
check updated.feeling.nil? && updated.actual_distance == 10.5, "update"
check status { api.update_workout_log(log.id, change, if_match: etag) } == 412, "precondition"

page = api.list_workout_logs(limit: 1, with_total: true)
check page.data[0].id == log.id, "list"
second = api.list_workout_logs(limit: 1, cursor: page.pagination.next_cursor)
check second.data[0].id != log.id, "second page"

api.delete_workout_log(log.id)
check status { api.get_workout_log(log.id) } == 404, "gone"
