import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";

/** The server's address in what the site's developer copies. */
const placeholder = "https://push.example.com";

/** @type {Record<string, string>} */
const types = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/**
 * @typedef {object} File
 * @property {string | Buffer} body
 * @property {string} [type] a MIME type; without it, by the path's ending
 * @property {Record<string, string>} [headers]
 * @property {number} [status]
 */

/** A website: a secure context on an origin of its own, http://localhost:PORT. */
export class Site {
  #http;

  /**
   * @param {import("node:http").Server} http
   * @param {Map<string, File>} files
   */
  constructor(http, files) {
    this.#http = http;
    /** What is served beside the folder, by path; it goes first. May be changed at any time. */
    this.files = files;
    /**
     * Sites of their own by their host: their files, of which index.html is every page too, as an app of one page is served.
     *
     * @type {Map<string, Map<string, File>>}
     */
    this.apps = new Map();
    this.origin = `http://localhost:${/** @type {import("node:net").AddressInfo} */ (http.address()).port}`;
  }

  /**
   * @param {object} options
   * @param {string} [options.folder] is served at /
   * @param {Record<string, File | string>} [options.files] by path; a text stands for a file of that body
   * @param {() => string} [options.server] the address that replaces https://push.example.com in texts, asked each time
   */
  static async start({ folder, files = {}, server = () => placeholder }) {
    /** @type {Map<string, File>} */
    const map = new Map();
    for (const [path, file] of Object.entries(files)) map.set(path, typeof file === "string" ? { body: file } : file);
    /**
     * @param {string} path
     * @param {Map<string, File>} [app]
     * @returns {Promise<File>}
     */
    async function answer(path, app) {
      if (app && !extname(path)) path = "/index.html";
      if (path.endsWith("/")) path += "index.html";
      const type = types[extname(path)];
      const file = app ? app.get(path) : (map.get(path) ?? (folder === undefined ? undefined : { body: await readFile(join(folder, path)) }));
      if (!file) throw new Error(`no ${path}`);
      const isText = typeof file.body === "string" || /text|json|svg/.test(type ?? "");
      const body = isText ? file.body.toString().replaceAll(placeholder, server()) : file.body;
      return { ...(type !== undefined && { type }), ...file, body };
    }

    const http = createServer();
    await new Promise((resolve) => http.listen(0, "127.0.0.1", () => resolve(undefined)));
    const site = new Site(http, map);
    http.on("request", (request, response) => {
      answer(new URL(request.url ?? "/", "http://localhost").pathname, site.apps.get(request.headers.host ?? "")).then(
        ({ status = 200, headers, body, type }) => {
          response.writeHead(status, { "Content-Type": type ?? "text/html; charset=utf-8", "Cache-Control": "no-cache", ...headers });
          response.end(body);
        },
        () => response.writeHead(404).end(),
      );
    });
    return site;
  }

  async stop() {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}
