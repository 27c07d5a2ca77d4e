<?php
// The life of a log through the client of openapi-generator for PHP: life.php LIB URL TOKEN SESSION.
require "GuzzleHttp/autoload.php";
[, $lib, $url, $token, $session] = $argv;
spl_autoload_register(function (string $class) use ($lib): void {
    $file = $lib . "/" . str_replace(["OpenAPI\\Client\\", "\\"], ["", "/"], $class) . ".php";
    if (is_file($file)) {
        require $file;
    }
});

use OpenAPI\Client\Api\WorkoutLogsApi;
use OpenAPI\Client\ApiException;
use OpenAPI\Client\Configuration;
use OpenAPI\Client\Model;

function check(bool $holds, string $message): void
{
    if (!$holds) {
        fwrite(STDERR, "$message\n");
        exit(1);
    }
}

function status(callable $call): int
{
    try {
        $call();
        return 200;
    } catch (ApiException $error) {
        return $error->getCode();
    }
}

$configuration = (new Configuration())->setHost($url)->setAccessToken($token);
$configuration->setBooleanFormatForQueryString(Configuration::BOOLEAN_FORMAT_STRING);
Configuration::setDefaultConfiguration($configuration); // which alone decides how booleans are sent
$api = new WorkoutLogsApi(new GuzzleHttp\Client(), $configuration);

$body = new Model\WorkoutLogCreate([
    "session_id" => $session,
    "status" => Model\Status::COMPLETED,
    "actual_distance" => 10,
    "actual_duration" => "50:00",
    "feeling" => Model\Feeling::GOOD,
]);
[$created, , $headers] = $api->createWorkoutLogWithHttpInfo($body);
$log = $created->getData();
check($log->getActualPace() === "5:00" && $log->getNotes() === null, "create");
check(status(fn () => $api->createWorkoutLog($body)) === 409, "duplicate");

$etag = array_change_key_case($headers)["etag"][0];
$change = (new Model\WorkoutLogUpdate())->setActualDistance(10.5)->setFeeling(null);
$updated = $api->updateWorkoutLog($log->getId(), $change, $etag)->getData();
check($updated->getFeeling() === null && $updated->getActualDistance() === 10.5, "update");
check(status(fn () => $api->updateWorkoutLog($log->getId(), $change, $etag)) === 412, "precondition");

$page = $api->listWorkoutLogs(limit: 1, with_total: true);
check($page->getData()[0]->getId() === $log->getId(), "list");
$second = $api->listWorkoutLogs(limit: 1, cursor: $page->getPagination()->getNextCursor());
check($second->getData()[0]->getId() !== $log->getId(), "second page");

$api->deleteWorkoutLog($log->getId());
check(status(fn () => $api->getWorkoutLog($log->getId())) === 404, "gone");
