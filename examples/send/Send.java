import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.regex.Pattern;

/**
 * Sends a message, prints its id, waits until it is sent and prints what became of it. Java 17 or newer:
 *
 * PUSHKIT_SERVER=https://push.example.com PUSHKIT_API_KEY=... java Send.java
 *
 * Java has no JSON of its own: the three members that are needed are found by patterns. An application uses its library.
 */
class Send {
    static final String SERVER = System.getenv("PUSHKIT_SERVER"), KEY = System.getenv("PUSHKIT_API_KEY");
    static final HttpClient CLIENT = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();

    public static void main(String[] arguments) throws InterruptedException {
        try {
            if (SERVER == null || KEY == null) throw new IOException("set PUSHKIT_SERVER and PUSHKIT_API_KEY");
            send();
        } catch (IOException | IllegalArgumentException error) {
            System.err.println("Send.java: " + (error.getMessage() == null ? SERVER + ": " + error : error.getMessage()));
            System.exit(1);
        }
    }

    static void send() throws IOException, InterruptedException {
        String message = call("POST", "/v1/messages", """
            {
              "audience": {"all": true},
              "notification": {"title": "Goal!", "body": "2:1, says Java"},
              "ttl": 3600
            }""");
        String id = find("\"id\":\"([^\"]*)\"", message);
        System.out.println(id);
        for (String state; !(state = find("\"state\":\"([^\"]*)\"", message)).equals("sent"); ) {
            if (state.equals("cancelled")) throw new IOException("the message was cancelled");
            Thread.sleep(1000);
            message = call("GET", "/v1/messages/" + id, "");
        }
        System.out.println(find("\"counts\":(\\{[^}]*\\})", message));
    }

    static String call(String method, String path, String body) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create(SERVER + path)).timeout(Duration.ofSeconds(30))
            .header("Authorization", "Bearer " + KEY).header("Content-Type", "application/json")
            .method(method, BodyPublishers.ofString(body)).build();
        var response = CLIENT.send(request, BodyHandlers.ofString());
        if (response.statusCode() / 100 == 2) return response.body();
        // A problem (RFC 9457) has a code for programs and a sentence for people. A proxy's error may be anything.
        boolean problem = response.headers().firstValue("Content-Type").orElse("").equals("application/problem+json");
        throw new IOException("HTTP " + response.statusCode() + (problem ? ": " + response.body().strip() : ""));
    }

    static String find(String pattern, String text) throws IOException {
        var found = Pattern.compile(pattern).matcher(text);
        if (!found.find()) throw new IOException("the answer is not pushkit's");
        return found.group(1);
    }
}
