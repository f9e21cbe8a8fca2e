import { PushkitError } from "pushkit";
import { lazy, Suspense, useCallback, useState } from "react";
import { pushkit, useNotificationClick, usePushStatus } from "./push";

// The elements, which most visitors need not, are in a file of their own.
const Preferences = lazy(() => import("./Preferences"));

export function App() {
  const status = usePushStatus();
  const [address, setAddress] = useState(location.href);
  const [failure, setFailure] = useState("");

  useNotificationClick(
    useCallback(({ navigate }) => {
      // Here a router goes there, without a load.
      history.pushState(null, "", navigate);
      setAddress(navigate);
    }, []),
  );

  async function run(change: () => Promise<unknown>) {
    try {
      await change();
      setFailure("");
    } catch (thrown) {
      setFailure(thrown instanceof PushkitError ? thrown.message : String(thrown));
    }
  }

  return (
    <>
      <h1>Web push with React</h1>
      <p id="status" role="status">
        {!status
          ? "Asking this browser…"
          : status.subscribed
            ? "This browser is subscribed."
            : status.advice || "This browser is not subscribed."}
      </p>
      {failure && <p role="alert">{failure}</p>}
      {status?.supported && !status.subscribed && (
        <button id="subscribe" type="button" onClick={() => run(() => pushkit.subscribe({ channels: ["news"] }))}>
          Subscribe
        </button>
      )}
      {status?.subscribed && (
        <Suspense>
          <Preferences />
        </Suspense>
      )}
      <p id="address">{new URL(address).searchParams.get("story") ?? "No story yet."}</p>
    </>
  );
}
