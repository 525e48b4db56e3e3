#include "FaultyFiles.h"

#include <pthread.h>
#include <sqlite3.h>
#include <string.h>

typedef struct {
    sqlite3_file base;
    sqlite3_file *real;
    char path[1024];
} faulty_file;

static sqlite3_vfs *system_vfs;
static sqlite3_vfs faulty_vfs;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char watched[1024];
static long operations, failing_operation, failures;
static int stays_broken;

/* Counts an operation; 1 if it fails. */
static int fails(const char *path) {
    int result = 0;
    pthread_mutex_lock(&lock);
    if (failing_operation > 0 && path && strstr(path, watched)) {
        operations++;
        result = operations == failing_operation || (stays_broken && operations > failing_operation);
        failures += result;
    }
    pthread_mutex_unlock(&lock);
    return result;
}

void faulty_files_arm(const char *folder, long n, int for_good) {
    pthread_mutex_lock(&lock);
    strncpy(watched, folder, sizeof watched - 1);
    operations = failures = 0;
    failing_operation = n;
    stays_broken = for_good;
    pthread_mutex_unlock(&lock);
}

long faulty_files_failures(void) {
    pthread_mutex_lock(&lock);
    long result = failures;
    pthread_mutex_unlock(&lock);
    return result;
}

long faulty_files_disarm(void) {
    pthread_mutex_lock(&lock);
    failing_operation = 0;
    long result = failures;
    pthread_mutex_unlock(&lock);
    return result;
}

#define REAL(file) (((faulty_file *)(file))->real)
#define PATH(file) (((faulty_file *)(file))->path)

static int close_file(sqlite3_file *file) {
    return REAL(file)->pMethods ? REAL(file)->pMethods->xClose(REAL(file)) : SQLITE_OK;
}

static int read_file(sqlite3_file *file, void *buffer, int count, sqlite3_int64 offset) {
    return REAL(file)->pMethods->xRead(REAL(file), buffer, count, offset);
}

/* A write that fails leaves half of its bytes behind, as a full disk does. */
static int write_file(sqlite3_file *file, const void *buffer, int count, sqlite3_int64 offset) {
    if (fails(PATH(file))) {
        REAL(file)->pMethods->xWrite(REAL(file), buffer, count / 2, offset);
        return operations % 2 ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    }
    return REAL(file)->pMethods->xWrite(REAL(file), buffer, count, offset);
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size) {
    if (fails(PATH(file))) return SQLITE_IOERR_TRUNCATE;
    return REAL(file)->pMethods->xTruncate(REAL(file), size);
}

static int sync_file(sqlite3_file *file, int flags) {
    if (fails(PATH(file))) return SQLITE_IOERR_FSYNC;
    return REAL(file)->pMethods->xSync(REAL(file), flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
    return REAL(file)->pMethods->xFileSize(REAL(file), size);
}

static int lock_file(sqlite3_file *file, int level) { return REAL(file)->pMethods->xLock(REAL(file), level); }

static int unlock_file(sqlite3_file *file, int level) { return REAL(file)->pMethods->xUnlock(REAL(file), level); }

static int check_reserved_lock(sqlite3_file *file, int *result) {
    return REAL(file)->pMethods->xCheckReservedLock(REAL(file), result);
}

static int file_control(sqlite3_file *file, int operation, void *argument) {
    return REAL(file)->pMethods->xFileControl(REAL(file), operation, argument);
}

static int sector_size(sqlite3_file *file) { return REAL(file)->pMethods->xSectorSize(REAL(file)); }

static int device_characteristics(sqlite3_file *file) {
    return REAL(file)->pMethods->xDeviceCharacteristics(REAL(file));
}

static int shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **memory) {
    return REAL(file)->pMethods->xShmMap(REAL(file), page, size, extend, memory);
}

static int shm_lock(sqlite3_file *file, int offset, int count, int flags) {
    return REAL(file)->pMethods->xShmLock(REAL(file), offset, count, flags);
}

static void shm_barrier(sqlite3_file *file) { REAL(file)->pMethods->xShmBarrier(REAL(file)); }

static int shm_unmap(sqlite3_file *file, int delete) {
    return REAL(file)->pMethods->xShmUnmap(REAL(file), delete);
}

static const sqlite3_io_methods methods = {
    2,         close_file,          read_file,    write_file,  truncate_file,          sync_file, file_size, lock_file,
    unlock_file, check_reserved_lock, file_control, sector_size, device_characteristics, shm_map,   shm_lock,  shm_barrier,
    shm_unmap, 0,                   0,
};

static int open_file(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *file, int flags, int *opened_flags) {
    faulty_file *faulty = (faulty_file *)file;
    faulty->real = (sqlite3_file *)(faulty + 1);
    strncpy(faulty->path, path ? path : "", sizeof faulty->path - 1);
    faulty->path[sizeof faulty->path - 1] = 0;
    file->pMethods = 0;
    if ((flags & SQLITE_OPEN_CREATE) && fails(path)) return SQLITE_CANTOPEN;
    int result = system_vfs->xOpen(system_vfs, path, faulty->real, flags, opened_flags);
    if (faulty->real->pMethods) file->pMethods = &methods;
    return result;
}

static int delete_file(sqlite3_vfs *vfs, const char *path, int sync) {
    if (fails(path)) return SQLITE_IOERR_DELETE;
    return system_vfs->xDelete(system_vfs, path, sync);
}

int faulty_files_install(void) {
    if (system_vfs) return SQLITE_OK;
    system_vfs = sqlite3_vfs_find(0);
    if (!system_vfs) return SQLITE_ERROR;
    faulty_vfs = *system_vfs;
    faulty_vfs.zName = "faulty";
    faulty_vfs.pNext = 0;
    faulty_vfs.szOsFile = (int)sizeof(faulty_file) + system_vfs->szOsFile;
    faulty_vfs.xOpen = open_file;
    faulty_vfs.xDelete = delete_file;
    return sqlite3_vfs_register(&faulty_vfs, 1);
}
