import type { ShownData } from "./payload";

/** Our part of a notification's data; nothing for a notification of somebody else. */
export const shownData = (notification: Notification): ShownData | undefined => notification.data?.pushkit;
