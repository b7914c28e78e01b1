/**
 * Who a container on an image runs as: what the Pod says, or else the image, in numbers. Names are looked up in the
 * image's own /etc/passwd and /etc/group (passwd(5), group(5)), as are the groups that a user is a member of.
 */
import { ImageError } from "./image-error.ts";

export interface ImageUser {
  uid: number;
  gid: number;
  /** From /etc/group, without the primary one. */
  groups: number[];
  home: string;
}

export interface UserFiles {
  passwd: string;
  group: string;
}

interface PasswdLine {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

interface GroupLine {
  name: string;
  gid: number;
  members: string[];
}

/** `user`: `USER[:GROUP]`, names or numbers; empty is root. Throws an ImageError when the image has no such name. */
export function imageUser(user: string, files: UserFiles): ImageUser {
  const [userPart = "", groupPart = ""] = user.split(":", 2);
  const users = passwdLines(files.passwd);
  const groups = groupLines(files.group);
  const wanted = userPart === "" ? "0" : userPart;
  const named = users.find(line => line.name === wanted);
  const uid = named?.uid ?? number(wanted);
  if (uid === undefined)
    throw new ImageError(`unable to find user ${wanted}: no matching entries in passwd file`);
  const line = named ?? users.find(each => each.uid === uid);
  let gid = line?.gid ?? 0;
  if (groupPart !== "") {
    const found = groups.find(each => each.name === groupPart)?.gid ?? number(groupPart);
    if (found === undefined) {
      throw new ImageError(`unable to find group ${groupPart}: no matching entries in group file`);
    }
    gid = found;
  }
  const own = line ? groups.filter(each => each.members.includes(line.name)).map(each => each.gid) : [];
  return { uid, gid, groups: [...new Set(own)].filter(each => each !== gid), home: line?.home || "/" };
}

function passwdLines(text: string): PasswdLine[] {
  return fields(text).flatMap(([name, , uid, gid, , home]) => {
    const [user, group] = [number(uid), number(gid)];
    return name && user !== undefined ? [{ name, uid: user, gid: group ?? 0, home: home ?? "" }] : [];
  });
}

function groupLines(text: string): GroupLine[] {
  return fields(text).flatMap(([name, , gid, members]) => {
    const group = number(gid);
    return name && group !== undefined ? [{ name, gid: group, members: (members ?? "").split(",") }] : [];
  });
}

function fields(text: string): string[][] {
  return text.split("\n").map(line => line.trim().split(":"));
}

/** Ids are 32 bits wide, and the highest means "unchanged". */
function number(text: string | undefined): number | undefined {
  if (!text || !/^\d{1,10}$/.test(text)) return undefined;
  const value = Number(text);
  return value < 2 ** 32 - 1 ? value : undefined;
}
