import { pushkit, type NotificationClick, type Status } from "pushkit";
import { useEffect, useState } from "react";

pushkit.init({ server: "https://push.example.com" });

/** How things stand; undefined until the browser was asked. */
export function usePushStatus(): Status | undefined {
  const [status, setStatus] = useState<Status>();
  useEffect(() => {
    let mounted = true;
    const refresh = async () => {
      const status = await pushkit.status();
      if (mounted) setStatus(status);
    };
    pushkit.addEventListener("change", refresh);
    refresh();
    return () => {
      mounted = false;
      pushkit.removeEventListener("change", refresh);
    };
  }, []);
  return status;
}

/** Takes the clicks on notifications that lead to another address than this page's. */
export function useNotificationClick(follow: (click: NotificationClick) => void): void {
  useEffect(() => {
    const hear = ({ detail }: CustomEvent<NotificationClick>) => follow(detail);
    pushkit.addEventListener("click", hear);
    return () => pushkit.removeEventListener("click", hear);
  }, [follow]);
}

export { pushkit };
