/** Which tools are here, and in which version; what is missing is named. */
import { output } from './measure.js';
import type { OpenTool, ToolFamily } from './tool.js';
import { parseVersion, showVersion } from './version.js';

export interface ToolDescription {
  readonly name: string;
  readonly version: string;
  readonly settings: string;
}

export interface InstalledTool extends ToolDescription {
  readonly open: OpenTool;
}

/** @param programs the program to use instead of a family's own, by the family's name */
export async function installedTools(
  families: readonly ToolFamily[],
  programs: ReadonlyMap<string, string>,
  folder: string,
  say: (line: string) => void,
): Promise<readonly InstalledTool[]> {
  const found: InstalledTool[] = [];
  for (const family of families) {
    const program = programs.get(family.name) ?? family.program;
    const printed = await output(family.version(program)).catch(() => undefined);
    if (printed === undefined) {
      say(`NOT MEASURED: ${family.name} is not installed`);
      continue;
    }
    const version = parseVersion(printed);
    for (const open of await family.open(program, version)) {
      const { name, settings } = open(folder);
      found.push({ name, version: showVersion(version), settings, open });
    }
  }
  return found;
}
