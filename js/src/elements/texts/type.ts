/** All that the elements say, in one language. */
export interface Texts {
  /** The language's own tag, and its direction. */
  lang: string;
  dir: "ltr" | "rtl";

  /** What the button says in each state. */
  subscribe: string;
  asking: string;
  busy: string;
  subscribed: string;
  blocked: string;
  unavailable: string;
  /** After the browser's question was closed without an answer, and after a failure. */
  askAgain: string;
  retry: string;
  unsubscribe: string;
  close: string;

  /** What the prompt says before the browser asks. */
  title: string;
  text: string;
  later: string;
  never: string;

  /** The preferences. */
  channels: string;
  save: string;
  saved: string;
  known: string;
  id: string;
  pushService: string;
  nothing: string;

  /** Why it does not work. */
  dismissed: string;
  insecure: string;
  window: string;
  browser: string;
  site: string;
  service: string;
  server: string;
  storage: string;
  unexpected: string;

  /** How to allow blocked notifications again; browsers' own words in quotation marks. */
  unblock: string;
  address: string;
  firefox: string;
  chrome: string;
  edge: string;
  safari: string;
  safariChoice: string;
  ios: string;
  iosToggle: string;
  samsung: string;
  samsungToggle: string;
  other: string;
  brave: string;

  /** How to put the site on the Home Screen, which iOS asks for. */
  install: string;
  share: string;
  add: string;
  open: string;
}
