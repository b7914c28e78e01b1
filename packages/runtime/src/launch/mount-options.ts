/** The options of an fstab line as mount(2) takes them: flags, and the rest as text for the file system. */

export interface MountOptions {
  flags: number;
  bind: boolean;
  recursive: boolean;
  data: string;
}

/** include/uapi/linux/mount.h */
const FLAGS: Record<string, number> = {
  ro: 1,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
  sync: 16,
  dirsync: 128,
  noatime: 1024,
  nodiratime: 2048,
  relatime: 1 << 21,
  strictatime: 1 << 24,
  rw: 0,
  defaults: 0,
};

export function mountOptions(text: string): MountOptions {
  const result: MountOptions = { flags: 0, bind: false, recursive: false, data: "" };
  const data: string[] = [];
  for (const word of text.split(",").filter(each => each !== "")) {
    if (word === "bind" || word === "rbind") result.bind = true;
    if (word === "rbind") result.recursive = true;
    if (word === "bind" || word === "rbind") continue;
    const flag = Object.hasOwn(FLAGS, word) ? FLAGS[word] : undefined;
    if (flag === undefined) data.push(word);
    else result.flags |= flag;
  }
  return { ...result, data: data.join(",") };
}
