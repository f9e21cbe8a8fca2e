import "pushkit/elements";
import type { DetailedHTMLProps, HTMLAttributes } from "react";

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "pushkit-preferences": DetailedHTMLProps<HTMLAttributes<HTMLElement>, HTMLElement>;
    }
  }
}

export default function Preferences() {
  return (
    <pushkit-preferences>
      <datalist>
        <option value="news">News</option>
        <option value="weather">Storm warnings</option>
      </datalist>
    </pushkit-preferences>
  );
}
