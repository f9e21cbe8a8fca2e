<?php
// Sends a message, prints its id, waits until it is sent and prints what became of it.
//
//   PUSHKIT_SERVER=https://push.example.com PUSHKIT_API_KEY=… php send.php

function call(string $method, string $path, ?array $body = null): array
{
    $stream = @fopen(getenv('PUSHKIT_SERVER') . $path, 'r', false, stream_context_create(['http' => [
        'method' => $method,
        'header' => ['Authorization: Bearer ' . getenv('PUSHKIT_API_KEY'), 'Content-Type: application/json'],
        'content' => $body === null ? '' : json_encode($body, JSON_THROW_ON_ERROR),
        'timeout' => 30,
        'ignore_errors' => true, // the body of an error is read below
    ]]));
    if ($stream === false) {
        throw new RuntimeException(error_get_last()['message']);
    }
    $status = explode(' ', stream_get_meta_data($stream)['wrapper_data'][0])[1];
    $answer = json_decode(stream_get_contents($stream), true);
    if ($status[0] === '2' && is_array($answer)) {
        return $answer;
    }
    // A problem (RFC 9457) has a code for programs and a sentence for people. A proxy's error may be anything.
    throw new RuntimeException(isset($answer['code']) ? "{$answer['code']}: {$answer['detail']}" : "HTTP $status");
}

try {
    if (!getenv('PUSHKIT_SERVER') || !getenv('PUSHKIT_API_KEY')) {
        throw new RuntimeException('set PUSHKIT_SERVER and PUSHKIT_API_KEY');
    }
    $message = call('POST', '/v1/messages', [
        'audience' => ['all' => true],
        'notification' => ['title' => 'Goal!', 'body' => '2:1, says PHP'],
        'ttl' => 3600,
    ]);
    echo $message['id'], "\n";
    while ($message['state'] !== 'sent') {
        if ($message['state'] === 'cancelled') {
            throw new RuntimeException('the message was cancelled');
        }
        sleep(1);
        $message = call('GET', "/v1/messages/{$message['id']}");
    }
    echo json_encode($message['counts']), "\n";
} catch (Exception $error) {
    fwrite(STDERR, "send.php: {$error->getMessage()}\n");
    exit(1);
}
