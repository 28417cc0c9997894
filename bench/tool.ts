/**
 * What the bench needs to know of a tool that keeps disk images, doppel or another: which command does which step. The
 * commands are run, measured and checked elsewhere, alike for all.
 */
import { readdir, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Version } from './version.js';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface SourceImage {
  /** File name without its ending. */
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
  /** Bytes of 4 KiB blocks that are not all zero. */
  readonly dataBytes: number;
}

export interface Restore {
  readonly command: Command;
  /** The file that the command makes, or changes. */
  readonly file: string;
}

/** @param folder empty, made for this restore */
export type RestoreTo = (image: SourceImage, name: string, folder: string) => Restore;

/** How the file of one image becomes that of another, or why this tool cannot do it. */
export type InPlace = { readonly update: RestoreTo } | { readonly whyNot: string };

/**
 * How images are dropped and their space given back, or why this tool cannot do it.
 *
 * @param dropped names that captures gave  @param kept all other names in the store
 */
export type Reclaim =
  | {
      readonly commands: (dropped: readonly string[], kept: readonly string[]) => Promise<readonly Command[]>;
    }
  | { readonly whyNot: string };

export interface Tool {
  readonly name: string;
  /** In words: the settings that matter. */
  readonly settings: string;
  readonly init: readonly Command[];
  /** What it keeps; all of it is read into memory before a step that reads the store. */
  readonly storeFolder: string;
  /** Files below this folder, of the store or elsewhere, can be made anew from the rest. */
  readonly indexFolder?: string;
  capture(image: SourceImage, name: string): Command;
  readonly restore: RestoreTo;
  readonly inPlace: InPlace;
  /** Checks every image down to its bytes. */
  verify(names: readonly string[]): readonly Command[];
  /** Reads all that is stored, needed or not; absent where that is what `verify` does. */
  readonly scrub?: readonly Command[];
  readonly reclaim: Reclaim;
}

/** Makes a tool that keeps all it writes in `folder`. */
export type OpenTool = (folder: string) => Tool;

/** A program, before it is known whether it is here, and in which version. */
export interface ToolFamily {
  /** As `--peer` names it. */
  readonly name: string;
  readonly program: string;
  version(program: string): Command;
  /** Settings follow the version. More than one tool: the same program with several settings. */
  open(program: string, version: Version): Promise<readonly OpenTool[]>;
}

export interface StoreSize {
  readonly storedBytes: number;
  readonly indexBytes: number;
  readonly files: number;
}

/** Sizes of files, not the blocks that they take: the same on every file system. */
export async function measureStore({ storeFolder, indexFolder }: Tool): Promise<StoreSize> {
  const size = { storedBytes: 0, indexBytes: 0, files: 0 };
  const index = indexFolder === undefined ? undefined : indexFolder + sep;
  const isApart = indexFolder !== undefined && !indexFolder.startsWith(storeFolder + sep);
  const apart = isApart ? await filesBelow(indexFolder) : [];
  for (const path of [...(await filesBelow(storeFolder)), ...apart]) {
    const { size: byteCount } = await stat(path);
    size[index !== undefined && path.startsWith(index) ? 'indexBytes' : 'storedBytes'] += byteCount;
    size.files++;
  }
  return size;
}

export async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
