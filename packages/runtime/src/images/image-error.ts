/** What is wrong with an image, or with a reference to one, in words for whoever named it. */
export class ImageError extends Error {
  override readonly name = "ImageError";
}
