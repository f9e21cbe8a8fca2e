import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { pushkit } from "../harness/server.mjs";

/**
 * A token by which a site's back end says whose a subscription is.
 *
 * @param {import("./world.mjs").World} world
 * @param {string} origin
 * @param {string} user
 */
export function userToken(world, origin, user) {
  const secret = execFileSync(pushkit, ["keys", "user-secret"], { cwd: world.server.folder, encoding: "utf8" }).trim();
  const encode = (/** @type {object} */ part) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const signed = [encode({ alg: "HS256", typ: "JWT" }), encode({ sub: user, aud: origin, exp: Math.floor(Date.now() / 1000) + 60 })].join(".");
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}
