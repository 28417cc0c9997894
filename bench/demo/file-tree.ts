/** The files of the demo's machine: a small system, and what a month of use and a new identity change in it. */
import { constants, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Seeded } from '../seeded.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const DOCUMENTS = 600;
const PHOTOS = 24;
const LOGS = ['syslog', 'auth.log', 'daemon.log', 'kern.log'];

/** The tree's folders `boot` and `root` go onto a partition each. */
export async function writeFirstTree(tree: string): Promise<void> {
  const seeded = new Seeded('demo, first disk');
  await put(tree, 'boot/vmlinuz', seeded.media(8 * MIB));
  await put(tree, 'boot/initrd.img', seeded.media(12 * MIB));
  await writeIdentity(tree, 'golden', seeded);
  // Real program code: the executable that runs this.
  await mkdir(join(tree, 'root/usr/bin'), { recursive: true });
  await copyFile(process.execPath, join(tree, 'root/usr/bin/node'), constants.COPYFILE_FICLONE);
  for (let n = 0; n < DOCUMENTS; n++) await put(tree, documentPath(n), seeded.text(anySize(seeded, n)));
  for (const log of LOGS) await put(tree, `root/var/log/${log}`, seeded.text(2 * MIB));
  for (let n = 0; n < PHOTOS; n++) await put(tree, photoPath(n), seeded.media(MIB + seeded.integer(MIB)));
}

/** Turns the first tree into the second disk's: its own identity, another initrd, new, changed and removed files. */
export async function changeTree(tree: string): Promise<void> {
  const seeded = new Seeded('demo, second disk');
  await writeIdentity(tree, 'web01', seeded);
  await put(tree, 'boot/initrd.img', seeded.media(12 * MIB));
  for (let n = 0; n < DOCUMENTS; n += 20) await put(tree, documentPath(n), seeded.text(anySize(seeded, n)));
  for (const log of LOGS) await writeFile(join(tree, `root/var/log/${log}`), seeded.text(MIB), { flag: 'a' });
  for (let n = 0; n < 4; n++) await put(tree, photoPath(PHOTOS + n), seeded.media(MIB + seeded.integer(MIB)));
  await rm(join(tree, photoPath(3)));
}

async function writeIdentity(tree: string, host: string, seeded: Seeded): Promise<void> {
  await put(tree, 'root/etc/hostname', Buffer.from(`${host}\n`));
  await put(tree, 'root/etc/machine-id', Buffer.from(`${seeded.media(16).toString('hex')}\n`));
  await put(tree, 'root/etc/ssh/ssh_host_ed25519_key.pub', Buffer.from(seeded.media(64).toString('base64')));
}

function documentPath(n: number): string {
  return `root/usr/share/doc/package-${n % 60}/${n}.txt`;
}

function photoPath(n: number): string {
  return `root/home/admin/photos/${n}.jpg`;
}

function anySize(seeded: Seeded, n: number): number {
  return KIB + seeded.integer(n % 7 === 0 ? 256 * KIB : 24 * KIB);
}

async function put(tree: string, path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(join(tree, path)), { recursive: true });
  await writeFile(join(tree, path), bytes);
}
