import { type FileHandle, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { discard, syncFolder } from '../system/durable-files.js';
import { asStoreError } from './folder-errors.js';
import type { Upload } from './object-store.js';

/** An object being written under a temporary name. */
export class FolderUpload implements Upload {
  #offset = 0;

  constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private readonly pathOf: (key: string) => string,
  ) {}

  async append(bytes: Uint8Array): Promise<void> {
    try {
      let done = 0;
      while (done < bytes.length) {
        const { bytesWritten } = await this.file.write(bytes, done, bytes.length - done, this.#offset);
        done += bytesWritten;
        this.#offset += bytesWritten;
      }
    } catch (error) {
      throw asStoreError(error, this.path, 'Cannot write');
    }
  }

  async sync(): Promise<void> {
    try {
      await this.file.sync();
    } catch (error) {
      throw asStoreError(error, this.path, 'Cannot write');
    } finally {
      await this.file.close();
    }
  }

  async finish(key: string): Promise<void> {
    await this.sync();
    const path = this.pathOf(key);
    try {
      await rename(this.path, path);
      await syncFolder(dirname(path));
    } catch (error) {
      throw asStoreError(error, key, 'Cannot write');
    }
  }

  async abort(): Promise<void> {
    await this.file.close().catch(() => undefined);
    await discard(this.path);
  }
}
