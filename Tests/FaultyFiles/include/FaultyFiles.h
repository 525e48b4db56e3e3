#ifndef FAULTY_FILES_H
#define FAULTY_FILES_H

/* An SQLite VFS for tests. It passes everything on to the system's own, and lets the n-th operation that changes a file
   fail, as a bad or full disk does (SQLite's own way of testing: https://www.sqlite.org/testing.html, section 3.2). */

/* Makes it the default for files opened from now on. Returns SQLite's result code. */
int faulty_files_install(void);

/* From now on, of the operations on files whose path contains `folder`, lets the n-th fail, counted from 1; with
   `for_good` also all after it. */
void faulty_files_arm(const char *folder, long n, int for_good);

/* How many operations failed since it was armed. */
long faulty_files_failures(void);

/* Mends the disk. Returns how many operations failed since it was armed. */
long faulty_files_disarm(void);

#endif
