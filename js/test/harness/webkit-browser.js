// A browser on WebKitGTK for webkit.mjs, run by gjs. WebKitGTK's own MiniBrowser keeps nothing while it is driven, and a
// session that keeps nothing may not ask for notifications: it is told "denied" without a prompt. This one keeps its data.
// Arguments: a folder, and the names of WebKit's features to turn on.
import GLib from "gi://GLib";
import Gtk from "gi://Gtk?version=3.0";
import System from "system";
import WebKit from "gi://WebKit2?version=4.1";

const [folder, ...features] = System.programArgs;

/** What the person answers, by origin: "granted" or "denied". */
function answers() {
  try {
    const [, bytes] = GLib.file_get_contents(`${folder}/permissions.json`);
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return {};
  }
}

/** WebKit gives features as a list that JavaScript cannot iterate. */
function enable(settings, names) {
  const all = WebKit.Settings.get_all_features();
  for (let i = 0; i < all.get_length(); i++) {
    const feature = all.get(i);
    if (names.includes(feature.get_identifier())) settings.set_feature_enabled(feature, true);
  }
}

Gtk.init(null);
const settings = new WebKit.Settings({ enable_write_console_messages_to_stdout: true });
enable(settings, features);
const context = new WebKit.WebContext({
  website_data_manager: new WebKit.WebsiteDataManager({
    base_data_directory: `${folder}/data`,
    base_cache_directory: `${folder}/cache`,
  }),
});
context.set_automation_allowed(true);

/** A tab, which is a window here: a page in the background may not ask for anything. */
function open() {
  const view = new WebKit.WebView({ web_context: context, is_controlled_by_automation: true, settings });
  const window = new Gtk.Window({ default_width: 1024, default_height: 768 });
  window.add(view);
  window.show_all();
  view.connect("close", () => window.destroy());
  view.connect("permission-request", (_, request) => {
    if (!(request instanceof WebKit.NotificationPermissionRequest)) return false;
    const answer = answers()[WebKit.SecurityOrigin.new_for_uri(view.uri).to_string()];
    if (answer === "granted") request.allow();
    else request.deny();
    return true;
  });
  return view;
}

context.connect("automation-started", (_, session) => {
  const info = new WebKit.ApplicationInfo();
  info.set_name("WebKitGTK");
  info.set_version(WebKit.get_major_version(), WebKit.get_minor_version(), WebKit.get_micro_version());
  session.set_application_info(info);
  session.connect("create-web-view", open);
});
Gtk.main();
