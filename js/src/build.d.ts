// Names that js/build puts in when it bundles.

/** The WebAssembly's file beside the loader. */
declare const PUSHKIT_WASM: string;
/** The file of Go's wasm_exec.js beside the loader. */
declare const PUSHKIT_EXEC: string;
/** The worker's version. */
declare const PUSHKIT_VERSION: string;

/** The languages whose texts are files beside the elements', separated by spaces. */
declare const PUSHKIT_LANGUAGES: string;

/** Go's own lib/wasm/wasm_exec.js. */
declare module "wasm_exec.js" {}
