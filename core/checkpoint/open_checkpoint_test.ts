import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";

Deno.test({
  name: "a link to what may not be read is told with where it leads",
  ignore: Deno.build.os === "windows", // links need a privilege there
  fn: async () => {
    await using temporary = await temporaryFolder();
    const folder = await Deno.realPath(temporary.path);
    const [real, link] = [join(folder, "real"), join(folder, "link")];
    await Deno.mkdir(real);
    await Deno.symlink(real, link);
    const module = import.meta.resolve("./open_checkpoint.ts");
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--quiet", `--allow-read=${link}`, "-"],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`
      import { diskFiles } from ${JSON.stringify(module)};
      try {
        diskFiles.stat(${JSON.stringify(link)});
      } catch (error) {
        console.log(error.name + ": " + error.message);
      }
    `));
    await writer.close();
    const { stdout } = await child.output();
    const said = new TextDecoder().decode(stdout);
    assert.match(
      said,
      /^NotCapable: Cannot read ".*link": a symbolic link leads to ".*real", which may not be read\nHINT: /,
    );
  },
});
