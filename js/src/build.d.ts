// Names that js/build puts in when it bundles.

/** The WebAssembly's file beside the loader. */
declare const PUSHKIT_WASM: string;
/** The file of Go's wasm_exec.js beside the loader. */
declare const PUSHKIT_EXEC: string;
/** Whether this is for the npm package, which has the elements in it. */
declare const PUSHKIT_PACKAGED: boolean;
/** The worker's version. */
declare const PUSHKIT_VERSION: string;

/** The languages whose texts are files beside the elements', separated by spaces. */
declare const PUSHKIT_LANGUAGES: string;

/** Go's own lib/wasm/wasm_exec.js. */
declare module "wasm_exec.js" {}
