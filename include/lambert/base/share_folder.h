/* Where the files are that come with the program: configs/ (to be included by configurations), data/ (recipes that
 * fetch text), scripts/ (jobs of schedulers, plots). In a checkout that is the checkout; `make install` puts them
 * into share/lambert beside the bin/ of the program, and the program looks there from where it lies itself, so that
 * what was installed may be moved as a whole. */
#ifndef LAMBERT_BASE_SHARE_FOLDER_H
#define LAMBERT_BASE_SHARE_FOLDER_H

/* The folder, without a slash at its end; NULL where the program finds none; free(). It is LAMBERT_SHARE of the
 * environment where that is set, for a program that was copied to where nothing is beside it; else ../share/lambert of
 * the program's own folder; else the nearest folder above its own, a checkout whose build folder it lies in. A folder is one of these when it
 * has configs/bert.ini in it. */
char *share_folder(void);

/* The file of that relative name in it; NULL where there is none; free(). */
char *share_folder_file(const char *name);

#endif
