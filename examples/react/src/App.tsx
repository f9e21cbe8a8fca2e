import { PushkitError } from "pushkit";
import { lazy, Suspense, useCallback, useEffect, useState } from "react";
import { pushkit, useNotificationClick, usePushStatus } from "./push";

// The elements, which most visitors need not, are in a file of their own.
const Preferences = lazy(() => import("./Preferences"));

export function App() {
  const status = usePushStatus();
  const [address, setAddress] = useState(location.href);
  const [failure, setFailure] = useState("");

  useNotificationClick(
    useCallback(({ navigate }) => {
      if (new URL(navigate).origin !== location.origin) {
        // It takes this page's place: without a click of its own a page may not open a window.
        location.href = navigate;
        return;
      }
      // Here a router goes there, without a load.
      history.pushState(null, "", navigate);
      setAddress(navigate);
    }, []),
  );
  useEffect(() => {
    const back = () => setAddress(location.href);
    addEventListener("popstate", back);
    return () => removeEventListener("popstate", back);
  }, []);
  const story = new URL(address).pathname.match(/^\/stories\/(.+)/)?.[1];

  async function run(change: () => Promise<unknown>) {
    try {
      await change();
      setFailure("");
    } catch (thrown) {
      setFailure(thrown instanceof PushkitError ? thrown.message : String(thrown));
    }
  }

  const state = !status
    ? "Asking this browser…"
    : status.subscribed
      ? "This browser is subscribed."
      : status.advice || "This browser is not subscribed.";

  return (
    <>
      <h1>Web push with React</h1>
      <p id="status" role="status">{state}</p>
      {status?.supported && !status.subscribed && status.permission !== "denied" && (
        <button id="subscribe" type="button" onClick={() => run(() => pushkit.subscribe({ channels: ["news"] }))}>
          Subscribe
        </button>
      )}
      {status?.subscribed && (
        <>
          <button id="unsubscribe" type="button" onClick={() => run(() => pushkit.unsubscribe())}>
            Unsubscribe
          </button>
          <Suspense>
            <Preferences />
          </Suspense>
        </>
      )}
      {failure && failure !== state && <p role="alert">{failure}</p>}
      <p id="story">
        {story ? `Story ${story}` : "No story yet: send a message with --navigate /stories/42, and click its notification."}
      </p>
    </>
  );
}
