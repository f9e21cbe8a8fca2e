/** A report as lines for people: a heading for each part, a member on each line. */
export function toText(report: object): string {
  return lines(report, "").join("\n") + "\n";
}

function lines(part: object, indent: string): string[] {
  return Object.entries(part).flatMap(([name, value]): string[] => {
    const label = `${indent}${words(name)}:`;
    if (Array.isArray(value) && value.some((element) => Object(element) === element || /\s/.test(element))) {
      return [label, ...value.flatMap((element) => item(element, indent + "  "))];
    }
    if (value && typeof value === "object" && !Array.isArray(value)) return [label, ...lines(value, indent + "  ")];
    return [`${label} ${word(value)}`];
  });
}

/** An element of a list; of one with members the first line has the mark. */
function item(element: unknown, indent: string): string[] {
  if (Object(element) !== element) return [`${indent}- ${word(element)}`];
  const [first = "", ...rest] = lines(element as object, indent + "  ");
  return [`${indent}- ${first.trimStart()}`, ...rest];
}

function word(value: unknown): string {
  if (Array.isArray(value)) return value.join(", ") || "none";
  if (value === true) return "yes";
  if (value === false) return "no";
  return value === null || value === undefined || value === "" ? "none" : String(value);
}

/** `declarativePush` as "declarative push". */
const words = (name: string): string => name.replace(/[A-Z]/g, (letter) => " " + letter.toLowerCase());
