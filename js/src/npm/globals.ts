// What the package's modules find while they are imported, and only then, where
// no window is: in Node, say, which renders a page.

const page = globalThis as Partial<typeof globalThis>;

export const window = page.window ?? globalThis;
export const navigator = page.navigator ?? {};
export const isSecureContext = page.isSecureContext ?? true;
export const HTMLElement = page.HTMLElement ?? class {};
export const customElements = page.customElements ?? { get: () => true };
