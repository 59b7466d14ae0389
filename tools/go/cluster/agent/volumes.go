package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

const provisionerName = "autoglm.local/directory" // also in the StorageClass that the cluster is born with

// provision serves claims of our StorageClass until ctx ends.
func provision(ctx context.Context, client kubernetes.Interface, folder, node string) {
	controller.NewProvisionController(ctx, client, provisionerName, directories{folder, node},
		controller.LeaderElection(false), controller.Threadiness(2)).Run(ctx)
}

// directories makes one directory per volume. The size asked for is recorded on the volume and not enforced: a directory
// has no quota. Like a fresh disk it belongs to root: a pod that runs as another user names a fsGroup.
type directories struct {
	folder string
	node   string
}

func (d directories) Provision(_ context.Context, o controller.ProvisionOptions) (*corev1.PersistentVolume, controller.ProvisioningState, error) {
	if o.PVC.Spec.Selector != nil {
		return nil, controller.ProvisioningFinished, fmt.Errorf("claim %s/%s: spec.selector: a volume made on demand has no labels to select; leave it out",
			o.PVC.Namespace, o.PVC.Name)
	}
	if mode := o.PVC.Spec.VolumeMode; mode != nil && *mode != corev1.PersistentVolumeFilesystem {
		return nil, controller.ProvisioningFinished, fmt.Errorf("claim %s/%s: spec.volumeMode: %s is not served here; use Filesystem", o.PVC.Namespace, o.PVC.Name, *mode)
	}
	path := filepath.Join(d.folder, o.PVName)
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: o.PVName},
		Spec: corev1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *o.StorageClass.ReclaimPolicy,
			AccessModes:                   o.PVC.Spec.AccessModes,
			MountOptions:                  o.StorageClass.MountOptions,
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: o.PVC.Spec.Resources.Requests[corev1.ResourceStorage]},
			PersistentVolumeSource:        corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: path}},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
				MatchExpressions: []corev1.NodeSelectorRequirement{{
					Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{d.node},
				}},
			}}}},
		},
	}, controller.ProvisioningFinished, nil
}

func (d directories) Delete(_ context.Context, volume *corev1.PersistentVolume) error {
	path := filepath.Join(d.folder, volume.Name)
	// the path in the object could have been edited to name any folder of the machine
	if volume.Spec.Local == nil || volume.Spec.Local.Path != path || filepath.Dir(path) != filepath.Clean(d.folder) {
		return fmt.Errorf("volume %s: spec.local.path is not %s, where it was made; remove the directory by hand", volume.Name, path)
	}
	return os.RemoveAll(path)
}
