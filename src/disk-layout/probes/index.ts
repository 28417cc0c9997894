/**
 * The table of probes, in the order in which they are asked: what wraps a volume (RAID, LVM, encryption) comes before the
 * file systems it may wrap, and the rest stands in the order of blkid, so that both give the same answer where one volume
 * carries two signatures.
 */

import { bitlocker } from './bitlocker.js';
import { btrfs } from './btrfs.js';
import { exfat } from './exfat.js';
import { ext } from './ext.js';
import { f2fs } from './f2fs.js';
import { iso9660 } from './iso9660.js';
import { linuxRaid } from './linux-raid.js';
import { luks } from './luks.js';
import { lvm2 } from './lvm2.js';
import { ntfs } from './ntfs.js';
import type { Probe } from './probe.js';
import { squashfs } from './squashfs.js';
import { swap } from './swap.js';
import { vfat } from './vfat.js';
import { xfs } from './xfs.js';
import { zfs } from './zfs.js';

export const PROBES: readonly Probe[] = [
  linuxRaid,
  lvm2,
  luks,
  bitlocker,
  vfat,
  swap,
  xfs,
  ext,
  iso9660,
  zfs,
  ntfs,
  squashfs,
  btrfs,
  exfat,
  f2fs,
];
